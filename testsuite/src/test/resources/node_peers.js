// TLS and HTTPS peers on Node that say what their sockets tell, and do what they are asked for.
//
// Any number of peers live in one process, each with a number, which begins all lines of the input and the output:
//
// N start tls-server|https-server|tls-client|https-client [port=N] [cert=FILE] [key=FILE] [allowHalfOpen=true]
//     [keepAliveTimeout=MS]
// N connect      a tls-client connects, with the session of its connection before
// N get PATH     an https-client asks, over an agent that keeps connections
// N write TEXT   on the latest connection, as are these:
// N end
// N destroy
// N stop         ends the peer
'use strict';

const fs = require('fs');
const https = require('https');
const readline = require('readline');
const tls = require('tls');

const peers = new Map();

class Peer {
    constructor(number) {
        this.number = number;
        this.agent = new https.Agent({ keepAlive: true });
    }

    say(...words) {
        console.log([this.number, ...words].join(' '));
    }

    start(role, ...rest) {
        const options = Object.fromEntries(rest.map((option) => option.split('=')));
        const allowHalfOpen = options.allowHalfOpen === 'true';
        if (role.endsWith('server')) {
            this.options = { cert: fs.readFileSync(options.cert), key: fs.readFileSync(options.key), allowHalfOpen };
            this.listener = role === 'tls-server' ? this.tlsServer() : this.httpsServer(options);
            this.listener.listen(0, '127.0.0.1', () => this.say('listening on', this.listener.address().port));
        } else {
            this.options = { host: '127.0.0.1', port: Number(options.port), rejectUnauthorized: false, allowHalfOpen };
        }
    }

    tlsServer() {
        return tls.createServer(this.options, (socket) => this.connected(socket, true));
    }

    httpsServer(options) {
        const listener = https.createServer(this.options, (request, response) => {
            response.end('hello ' + request.socket.isSessionReused());
        });
        listener.keepAliveTimeout = Number(options.keepAliveTimeout ?? 10_000);
        return listener.on('secureConnection', (socket) => this.connected(socket, false));
    }

    connected(socket, talks) {
        this.connection = socket;
        socket.on('error', (e) => this.say('error', e.code));
        socket.on('end', () => this.say('end'));
        socket.on('close', (hadError) => this.say('close', hadError ? 'after an error' : 'in good order'));
        if (talks) {
            socket.on('data', (data) => this.say('data', data));
        }
        this.say('connected', socket.isSessionReused());
    }

    connect() {
        const socket = tls.connect({ ...this.options, session: this.session }, () => this.connected(socket, true));
        socket.on('session', (session) => { this.session = session; });
    }

    get(path) {
        const request = https.get({ ...this.options, agent: this.agent, path }, (response) => {
            let body = '';
            response.on('data', (data) => { body += data; });
            response.on('end', () => this.say('response', body));
            response.on('error', (e) => this.say('response failed', e.code));
        });
        request.on('error', (e) => this.say('request failed', e.code));
        request.on('socket', (socket) => {
            if (!request.reusedSocket) {
                socket.once('secureConnect', () => this.connected(socket, false));
            }
        });
    }

    write(text) {
        this.connection.write(text);
    }

    end() {
        this.connection.end();
    }

    destroy() {
        this.connection.destroy();
    }

    stop() {
        this.listener?.close();
        this.agent.destroy();
        this.connection?.destroy();
        peers.delete(this.number);
    }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const [number, command, ...rest] = line.split(' ');
    if (command === 'start') {
        peers.set(number, new Peer(number));
    }
    peers.get(number)[command](...rest);
});
