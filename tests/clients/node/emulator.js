// Room: tests/clients. An emulator of one's own, and its endpoints. May touch: a folder made for it, one child process.
'use strict';

const {spawn, execFileSync} = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');

const GRANT = 'urn:ibm:params:oauth:grant-type:apikey';
const START_MS = 60000;

// One request; {status, body}.
function request(url, options, body) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const sent = client.request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => resolve({status: answer.statusCode, body: text}));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

class Emulator {
  // `program`: grep11-emulator; `apiKeys`: the list of its --api-keys file.
  static async start(program, apiKeys, options = []) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grep11-node.'));
    const file = (name) => path.join(folder, name);
    fs.writeFileSync(file('keys.json'), JSON.stringify(apiKeys));
    execFileSync(program, ['--make-certs', folder]);
    const child = spawn(program, [
      '--tls-cert', file('server.pem'), '--tls-key', file('server.key'), '--client-ca', file('ca.pem'),
      '--api-keys', file('keys.json'), '--ready-file', file('ready.json'), ...options,
    ], {stdio: ['ignore', 'ignore', 'pipe']});
    const emulator = new Emulator(folder, child);
    await emulator.becomeReady(file('ready.json'));
    return emulator;
  }

  constructor(folder, child) {
    this.folder = folder;
    this.child = child;
    this.complaints = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (part) => { this.complaints += part; });
    this.ended = new Promise((resolve) => { child.once('exit', resolve); });
  }

  // The ready file appears whole, by a rename, which the folder's watcher tells.
  async becomeReady(ready) {
    const appeared = new Promise((resolve) => {
      const watcher = fs.watch(this.folder, () => {
        if (fs.existsSync(ready)) resolve(watcher.close());
      });
      if (fs.existsSync(ready)) resolve(watcher.close());
    });
    let timer;
    const late = new Promise((resolve) => { timer = setTimeout(resolve, START_MS); });
    await Promise.race([appeared, this.ended, late]);
    clearTimeout(timer);
    if (!fs.existsSync(ready)) throw new Error(`the emulator did not start: ${this.complaints}`);
    this.ready = JSON.parse(fs.readFileSync(ready, 'utf8'));
  }

  pem(name) { return fs.readFileSync(path.join(this.folder, name)); }

  async token(apiKey) {
    const form = new URLSearchParams({grant_type: GRANT, apikey: apiKey}).toString();
    return request(`${this.ready.iam}/identity/token`, {
      method: 'POST', ca: this.pem('ca.pem'), headers: {'content-type': 'application/x-www-form-urlencoded'},
    }, form);
  }

  async counters() { return JSON.parse((await request(`${this.ready.control}/counters.json`, {})).body); }
  async faults(faults) { return request(`${this.ready.control}/faults`, {method: 'POST'}, JSON.stringify(faults)); }

  async stop() {
    this.child.kill('SIGTERM');
    const status = await this.ended;
    fs.rmSync(this.folder, {recursive: true});
    return status;
  }
}

module.exports = {Emulator};
