// Room: tests/clients. A client in another language, on TLS with client certificates and IAM: what it makes with the
// emulator, Node's own crypto has to agree with. Usage: node --test client_test.js, with GW_BUILD_DIR set.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const path = require('node:path');
const {after, before, test} = require('node:test');

const {Emulator} = require('./emulator.js');
const {CKA, CKK_AES, CKM, CKO_SECRET_KEY, CKR, connect, grpc, mechanism, template} = require('./grep11.js');

const API_KEYS = [
  {apikey: 'maker-key', iam_id: 'iam-maker', name: 'maker', roles: ['manager']},
  {apikey: 'reader-key', iam_id: 'iam-reader', name: 'reader', roles: ['reader']},
];
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
const MESSAGE = Buffer.from('what one language signs, another verifies');

let emulator;
let maker;
const opened = [];

function credentials({withCertificate = true} = {}) {
  const own = withCertificate ? [emulator.pem('client.key'), emulator.pem('client.pem')] : [];
  return grpc.credentials.createSsl(emulator.pem('ca.pem'), ...own);
}

function open(authorization, options) {
  const client = connect(emulator.ready.grep11, credentials(options), authorization);
  opened.push(client);
  return client;
}

async function bearer(apiKey) {
  const {status, body} = await emulator.token(apiKey);
  assert.equal(status, 200, body);
  return `Bearer ${JSON.parse(body).access_token}`;
}

before(async () => {
  emulator = await Emulator.start(path.join(process.env.GW_BUILD_DIR, 'bin/grep11-emulator'), API_KEYS);
  maker = open(await bearer('maker-key'));
});

after(async () => {
  for (const client of opened) client.close();
  assert.equal(await emulator.stop(), 0);
});

// The SPKI is a DER sequence; behind it is the MAC of the HSM.
function publicKeyOf(maced) {
  assert.equal(maced[0], 0x30);
  const long = maced[1] & 0x80 ? maced[1] & 0x7f : 0;
  const size = long ? maced.readUIntBE(2, long) : maced[1];
  const der = maced.subarray(0, 2 + long + size);
  return crypto.createPublicKey({key: der, format: 'der', type: 'spki'});
}

const nodeVerifies = (key, data, signature) =>
  crypto.verify('sha256', data, {key, dsaEncoding: 'ieee-p1363'}, signature);

function makeEcPair() {
  return maker.call('GenerateKeyPair', {
    Mech: mechanism(CKM.EC_KEY_PAIR_GEN),
    PubKeyTemplate: template({[CKA.EC_PARAMS]: P256, [CKA.VERIFY]: true}),
    PrivKeyTemplate: template({[CKA.SIGN]: true, [CKA.EXTRACTABLE]: false}),
  });
}

function makeRsaPair() {
  return maker.call('GenerateKeyPair', {
    Mech: mechanism(CKM.RSA_PKCS_KEY_PAIR_GEN),
    PubKeyTemplate: template({[CKA.MODULUS_BITS]: 2048, [CKA.PUBLIC_EXPONENT]: 65537, [CKA.WRAP]: true}),
    PrivKeyTemplate: template({[CKA.UNWRAP]: true}),
  });
}

const AES_RIGHTS = {[CKA.ENCRYPT]: true, [CKA.DECRYPT]: true, [CKA.WRAP]: true, [CKA.UNWRAP]: true};

// An AES key that comes in wrapped.
function unwrapAes(mech, kek, wrapped) {
  return maker.call('UnwrapKey', {
    Mech: mech, KeK: kek, Wrapped: wrapped,
    Template: template({
      ...AES_RIGHTS, [CKA.CLASS]: CKO_SECRET_KEY, [CKA.KEY_TYPE]: CKK_AES, [CKA.VALUE_LEN]: 32, [CKA.EXTRACTABLE]: true,
    }),
  });
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('the call was answered');
}

test('a pair made in the HSM signs, and both HSM and Node verify', async () => {
  const pair = await makeEcPair();
  const digest = crypto.createHash('sha256').update(MESSAGE).digest();
  const {Signature} = await maker.call('SignSingle', {Mech: mechanism(CKM.ECDSA), PrivKey: pair.PrivKey, Data: digest});
  assert.equal(Signature.length, 64);
  assert.ok(nodeVerifies(publicKeyOf(pair.PubKeyBytes), MESSAGE, Signature));
  const claim = {Mech: mechanism(CKM.ECDSA), PubKey: pair.PubKey, Data: digest};
  await maker.call('VerifySingle', {...claim, Signature});
  const tampered = Buffer.from(Signature);
  tampered[0] ^= 1;
  const error = await refusal(maker.call('VerifySingle', {...claim, Signature: tampered}));
  assert.equal(error.code, grpc.status.UNKNOWN);
  assert.equal(error.grep11.type, 'type.googleapis.com/grep11.Grep11Error');
  assert.equal(error.grep11.code, CKR.SIGNATURE_INVALID);
  assert.equal(error.grep11.retry, false);
});

test('a signature is made in parts, its state with the client', async () => {
  const pair = await makeEcPair();
  let {State} = await maker.call('SignInit', {Mech: mechanism(CKM.ECDSA_SHA256), PrivKey: pair.PrivKey});
  for (const part of [MESSAGE.subarray(0, 9), MESSAGE.subarray(9)]) {
    ({State} = await maker.call('SignUpdate', {State, Data: part}));
  }
  const {Signature} = await maker.call('SignFinal', {State});
  assert.ok(nodeVerifies(publicKeyOf(pair.PubKeyBytes), MESSAGE, Signature));
});

test('a key of Node is unwrapped, and what it encrypts here opens there', async () => {
  const value = crypto.randomBytes(32);
  const iv = crypto.randomBytes(16);
  const pair = await makeRsaPair();
  const wrapped = crypto.publicEncrypt(
    {key: publicKeyOf(pair.PubKeyBytes), padding: crypto.constants.RSA_PKCS1_PADDING}, value);
  const {Unwrapped} = await unwrapAes(mechanism(CKM.RSA_PKCS), pair.PrivKey, wrapped);
  const {Ciphered} = await maker.call('EncryptSingle', {
    Mech: mechanism(CKM.AES_CBC_PAD, iv), Key: Unwrapped, Plain: MESSAGE,
  });
  const decipher = crypto.createDecipheriv('aes-256-cbc', value, iv);
  assert.deepEqual(Buffer.concat([decipher.update(Ciphered), decipher.final()]), MESSAGE);
});

test('a key is wrapped under another and comes back the same', async () => {
  const iv = crypto.randomBytes(16);
  const makeAes = (rights) => maker.call('GenerateKey', {
    Mech: mechanism(CKM.AES_KEY_GEN), Template: template({[CKA.VALUE_LEN]: 32, [CKA.EXTRACTABLE]: true, ...rights}),
  });
  const kek = await makeAes(AES_RIGHTS);
  const key = await makeAes({[CKA.ENCRYPT]: true, [CKA.DECRYPT]: false});
  const {Wrapped} = await maker.call('WrapKey', {Mech: mechanism(CKM.AES_CBC_PAD, iv), Key: key.Key, KeK: kek.Key});
  const back = await unwrapAes(mechanism(CKM.AES_CBC_PAD, iv), kek.Key, Wrapped);
  assert.deepEqual(back.CheckSum.subarray(0, 3), key.CheckSum.subarray(0, 3));
  const mech = mechanism(CKM.AES_CBC_PAD, iv);
  const {Ciphered} = await maker.call('EncryptSingle', {Mech: mech, Key: key.Key, Plain: MESSAGE});
  const {Plain} = await maker.call('DecryptSingle', {Mech: mech, Key: back.Unwrapped, Ciphered});
  assert.deepEqual(Plain, MESSAGE);
  const error = await refusal(maker.call('DecryptSingle', {Mech: mech, Key: key.Key, Ciphered}));
  assert.equal(error.grep11.code, CKR.KEY_FUNCTION_NOT_PERMITTED);
});

test('IAM decides who does what', async () => {
  const reader = open(await bearer('reader-key'));
  assert.equal((await reader.call('GenerateRandom', {Len: 8})).Rnd.length, 8);
  const denied = await refusal(reader.call('GenerateKey', {Mech: mechanism(CKM.AES_KEY_GEN)}));
  assert.equal(denied.code, grpc.status.PERMISSION_DENIED);
  assert.equal(denied.details, 'iam-reader lacks hs-crypto.crypto.generatekey');
  assert.equal(denied.grep11, null);
  const nobody = await refusal(open('').call('GenerateRandom', {Len: 8}));
  assert.equal(nobody.code, grpc.status.UNAUTHENTICATED);
  const unknown = await emulator.token('nobody-key');
  assert.equal(unknown.status, 400);
  assert.equal(JSON.parse(unknown.body).errorCode, 'BXNIM0415E');
  assert.equal((await emulator.counters()).identity['iam-reader'].PERMISSION_DENIED, 1);
});

test('without a client certificate there is no connection', async () => {
  const stranger = open(await bearer('maker-key'), {withCertificate: false});
  const error = await refusal(stranger.call('GenerateRandom', {Len: 8}));
  assert.equal(error.code, grpc.status.UNAVAILABLE);
});

test('trouble comes as the script says', async () => {
  const asked = await emulator.faults([
    {rpc: 'GenerateRandom', rv: 'CKR_DEVICE_ERROR', retry: true}, {rpc: 'GenerateRandom', status: 'RESOURCE_EXHAUSTED'},
  ]);
  assert.equal(asked.status, 200, asked.body);
  const first = await refusal(maker.call('GenerateRandom', {Len: 8}));
  assert.equal(first.grep11.code, CKR.DEVICE_ERROR);
  assert.equal(first.grep11.retry, true);
  const second = await refusal(maker.call('GenerateRandom', {Len: 8}));
  assert.equal(second.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal((await maker.call('GenerateRandom', {Len: 8})).Rnd.length, 8);
});
