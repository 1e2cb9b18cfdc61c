// Room: tests/clients. What a GREP11 client in JavaScript needs besides @grpc/grpc-js: the service, promises in place of
// callbacks, error details, and templates. May touch: the .proto files.
'use strict';

const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');
const path = require('node:path');

const PROTO = path.resolve(__dirname, '../../../proto/grep11');

const CKM = {
  RSA_PKCS_KEY_PAIR_GEN: 0x0, RSA_PKCS: 0x1, EC_KEY_PAIR_GEN: 0x1040, ECDSA: 0x1041, ECDSA_SHA256: 0x1044,
  AES_KEY_GEN: 0x1080, AES_CBC_PAD: 0x1085,
};
const CKA = {
  CLASS: 0x0, KEY_TYPE: 0x100, ENCRYPT: 0x104, DECRYPT: 0x105, WRAP: 0x106, UNWRAP: 0x107, SIGN: 0x108, VERIFY: 0x10a,
  MODULUS_BITS: 0x121, PUBLIC_EXPONENT: 0x122, VALUE_LEN: 0x161, EXTRACTABLE: 0x162, EC_PARAMS: 0x180,
};
const CKR = {DEVICE_ERROR: 0x30, KEY_FUNCTION_NOT_PERMITTED: 0x68, SIGNATURE_INVALID: 0xc0};
const CKO_SECRET_KEY = 4;
const CKK_AES = 0x1f;

// {[CKA]: boolean, number or octets} as a message.
function template(values) {
  const message = {};
  for (const [type, value] of Object.entries(values)) {
    if (typeof value === 'boolean') message[type] = {AttributeTF: value};
    else if (typeof value === 'number') message[type] = {AttributeI: value};
    else message[type] = {AttributeB: value};
  }
  return message;
}

const mechanism = (type, parameter) => (parameter ? {Mechanism: type, ParameterB: parameter} : {Mechanism: type});

// Code, detail and retry flag of a failed call; null if it carries none.
class Details {
  constructor() {
    const root = protobuf.loadSync(['rpc_status.proto', 'grep11_errors.proto'].map((name) => path.join(PROTO, name)));
    this.status = root.lookupType('gw.rpc.Status');
    this.error = root.lookupType('grep11.Grep11Error');
  }

  of(failure) {
    const octets = failure.metadata.get('grpc-status-details-bin')[0];
    if (!octets) return null;
    const {details} = this.status.decode(octets);
    if (details.length !== 1) throw new Error(`${details.length} details instead of one`);
    const error = this.error.decode(details[0].value);
    return {type: details[0].type_url, code: Number(error.Code), text: error.Detail, retry: error.Retry};
  }
}

// Opens a client; call(rpc, request) answers with the response or throws grpc-js' error, `grep11` added.
function connect(address, credentials, authorization) {
  const definition = loader.loadSync(path.join(PROTO, 'grep11.proto'), {keepCase: true, longs: String, oneofs: true});
  const {Crypto} = grpc.loadPackageDefinition(definition).grep11;
  const client = new Crypto(address, credentials, {'grpc.max_receive_message_length': -1});
  const details = new Details();
  const call = (rpc, request) => new Promise((resolve, reject) => {
    const metadata = new grpc.Metadata();
    if (authorization) metadata.set('authorization', authorization);
    client[rpc](request, metadata, {deadline: Date.now() + 30000}, (error, response) => {
      if (error) reject(Object.assign(error, {grep11: details.of(error)}));
      else resolve(response);
    });
  });
  return {call, close: () => client.close()};
}

module.exports = {CKA, CKK_AES, CKM, CKO_SECRET_KEY, CKR, connect, grpc, mechanism, template};
