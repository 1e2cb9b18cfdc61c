/* Room: tests/chaos. For servers of Debian that are built without OpenSSL's engines (HAProxy):
   preloaded, it lets them take a private key from the engine "pkcs11" wherever they read one from a
   PEM file. The file names the key in a block of its own:

     -----BEGIN PKCS11 URI-----
     (base64 of the URI)
     -----END PKCS11 URI-----

   Everything else about the server is as it is. Touches what the engine touches. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/engine.h>
#include <openssl/pem.h>
#include <string.h>

typedef EVP_PKEY* (*ReadKey)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

static EVP_PKEY* KeyOfEngine(const unsigned char* octets, long size) {
  static ENGINE* engine; /* one for the life of the process: keys belong to it */
  char uri[512];
  if (size <= 0 || size >= (long)sizeof uri) return NULL;
  memcpy(uri, octets, (size_t)size);
  uri[size] = '\0';
  if (engine == NULL) {
    engine = ENGINE_by_id("pkcs11");
    if (engine == NULL || ENGINE_init(engine) != 1) return NULL;
  }
  return ENGINE_load_private_key(engine, uri, NULL, NULL);
}

/* The first block that names a key; NULL if there is none. */
static EVP_PKEY* NamedKey(BIO* bio) {
  EVP_PKEY* key = NULL;
  char* name = NULL;
  char* header = NULL;
  unsigned char* octets = NULL;
  long size = 0;
  while (key == NULL && PEM_read_bio(bio, &name, &header, &octets, &size) == 1) {
    if (strcmp(name, "PKCS11 URI") == 0) key = KeyOfEngine(octets, size);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(octets);
  }
  return key;
}

__attribute__((visibility("default"))) EVP_PKEY* PEM_read_bio_PrivateKey(BIO* bio, EVP_PKEY** out,
                                                                         pem_password_cb* callback,
                                                                         void* user) {
  EVP_PKEY* key = NamedKey(bio);
  if (key == NULL) {
    ReadKey original = NULL;
    void* symbol = dlsym(RTLD_NEXT, "PEM_read_bio_PrivateKey");
    memcpy(&original, &symbol, sizeof symbol);
    (void)BIO_reset(bio);
    return original == NULL ? NULL : original(bio, out, callback, user);
  }
  if (out != NULL) *out = key;
  return key;
}
