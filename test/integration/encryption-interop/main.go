// Command encryption-interop seals and opens values as docs/design/encryption.md draws them, with nothing but Go's
// standard library: a second implementation to hold the first one against. It shares no code with it, and follows the
// standards where the first follows the shortcut: CMAC over messages of any length (NIST SP 800-38B) inside a counter KDF
// (NIST SP 800-108r1).
//
// It reads one JSON task a line and answers with one JSON line each, all bytes in hexadecimal:
//
//	{"op":"open","keys":["…"],"header":"…","storedKey":"<UTF-16LE>","bytes":"<sealed, without the header>"}
//	{"op":"seal","keys":["…"],"header":"…","storedKey":"<UTF-16LE>","bytes":"<content>"}
package main

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
)

const (
	keyIDBytes = 4
	nonceBytes = 24
	saltBytes  = 12
)

type task struct {
	Op        string   `json:"op"`
	Keys      []string `json:"keys"`
	Header    string   `json:"header"`
	StoredKey string   `json:"storedKey"`
	Bytes     string   `json:"bytes"`
}

type answer struct {
	Bytes string `json:"bytes"`
	Error string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var t task
		if err := decoder.Decode(&t); err != nil {
			panic(err)
		}
		result, err := run(t)
		a := answer{Bytes: hex.EncodeToString(result)}
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := out.Encode(a); err != nil {
			panic(err)
		}
	}
}

func run(t task) ([]byte, error) {
	keys := make([][]byte, len(t.Keys))
	for i, text := range t.Keys {
		keys[i] = unhex(text)
	}
	header, storedKey, payload := unhex(t.Header), unhex(t.StoredKey), unhex(t.Bytes)
	if t.Op == "seal" {
		return seal(keys[0], header, storedKey, payload), nil
	}
	return open(keys, header, storedKey, payload)
}

func seal(key, header, storedKey, content []byte) []byte {
	nonce := make([]byte, nonceBytes)
	if _, err := rand.Read(nonce); err != nil {
		panic(err)
	}
	id := keyID(key)
	sealed := append(append([]byte{}, id...), nonce...)
	return gcm(key, nonce).Seal(sealed, nonce[saltBytes:], content, associatedData(header, id, storedKey))
}

func open(keys [][]byte, header, storedKey, sealed []byte) ([]byte, error) {
	if len(sealed) < keyIDBytes+nonceBytes {
		return nil, errors.New("cut off")
	}
	id, nonce, rest := sealed[:keyIDBytes], sealed[keyIDBytes:keyIDBytes+nonceBytes], sealed[keyIDBytes+nonceBytes:]
	for _, key := range keys {
		if bytes.Equal(keyID(key), id) {
			return gcm(key, nonce).Open(nil, nonce[saltBytes:], rest, associatedData(header, id, storedKey))
		}
	}
	return nil, errors.New("unknown key")
}

func keyID(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("gocachex key id v1"))
	return mac.Sum(nil)[:keyIDBytes]
}

func associatedData(header, id, storedKey []byte) []byte {
	var data bytes.Buffer
	data.WriteString("gocachex seal v1")
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(header)+len(id)))
	data.Write(length[:])
	data.Write(header)
	data.Write(id)
	data.Write(storedKey)
	return data.Bytes()
}

// gcm is AES-256-GCM under the key that the nonce and the ring's key give.
func gcm(key, nonce []byte) cipher.AEAD {
	aead, err := cipher.NewGCM(block(counterKDF(key, nonce[:saltBytes])))
	if err != nil {
		panic(err)
	}
	return aead
}

// counterKDF is that of NIST SP 800-108r1, section 4.1: PRF CMAC-AES256, a counter of 16 bits, label "X", no length field.
func counterKDF(key, context []byte) []byte {
	var derived []byte
	for counter := uint16(1); len(derived) < 32; counter++ {
		message := []byte{byte(counter >> 8), byte(counter), 'X', 0}
		derived = append(derived, cmac(key, append(message, context...))...)
	}
	return derived
}

// cmac is that of NIST SP 800-38B, for messages of any length.
func cmac(key, message []byte) []byte {
	aes := block(key)
	subkey := make([]byte, 16)
	aes.Encrypt(subkey, subkey)
	subkey = double(subkey)
	blocks := len(message) / 16
	last := make([]byte, 16)
	if len(message) > 0 && len(message)%16 == 0 {
		blocks--
		copy(last, message[blocks*16:])
	} else {
		copy(last, message[blocks*16:])
		last[len(message)%16] = 0x80
		subkey = double(subkey)
	}
	state := make([]byte, 16)
	for i := 0; i < blocks; i++ {
		xor(state, message[i*16:(i+1)*16])
		aes.Encrypt(state, state)
	}
	xor(state, last)
	xor(state, subkey)
	aes.Encrypt(state, state)
	return state
}

func double(in []byte) []byte {
	high, low := binary.BigEndian.Uint64(in[:8]), binary.BigEndian.Uint64(in[8:])
	carry := high >> 63
	out := make([]byte, 16)
	binary.BigEndian.PutUint64(out[:8], high<<1|low>>63)
	binary.BigEndian.PutUint64(out[8:], low<<1^carry*0x87)
	return out
}

func xor(target, other []byte) {
	for i := range target {
		target[i] ^= other[i]
	}
}

func block(key []byte) cipher.Block {
	result, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return result
}

func unhex(text string) []byte {
	result, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return result
}
