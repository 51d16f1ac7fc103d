package entropy

import (
	"bytes"
	"slices"
)

// publicParts are what stands in many private keys at the same place: the base64 of
// object identifiers and headers. They add nothing.
var publicParts = [][]byte{
	[]byte("IBAAKCA"),                                              // RSA, PKCS #1
	[]byte("IBADANBgkqhkiG9w0BAQEFAASC"),                           // RSA, PKCS #8
	[]byte("AgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w"),                 // P-256, PKCS #8
	[]byte("awIBAQQg"),                                             // the same, behind its length
	[]byte("oAoGCCqGSM49AwEHoUQDQgAE"),                             // P-256, SEC 1
	[]byte("AgEAMAUGAytlcAQiBCA"),                                  // Ed25519, PKCS #8
	[]byte("CAQAwBQYDK2VwBCIEI"),                                   // the same, as it falls into base64
	[]byte("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB"), // OpenSSH
	[]byte("AAAAC3NzaC1lZDI1NTE5AAAAI"),                            // OpenSSH, Ed25519
	[]byte("AAAAB3NzaC1yc2EAAAADAQABAAAB"),                         // OpenSSH, RSA
}

// derHead is how many characters of the base64 of an ASN.1 sequence are tags and lengths.
const derHead = 5

// discount takes away what is public in a random stretch.
func (e Estimate) discount(v []byte, start, end int) {
	stretch := v[start:end]
	for _, part := range publicParts {
		if at := bytes.Index(stretch, part); at >= 0 {
			e.spread(start+at, start+at+len(part), 0)
		}
	}
	if bytes.HasPrefix(stretch, []byte("MI")) || bytes.HasPrefix(stretch, []byte("MC4C")) || bytes.HasPrefix(stretch, []byte("MHcC")) {
		e.spread(start, start+derHead, 0)
	}
	for i := start; i+3 < end; i++ { // as in the base64 of zeros
		if v[i] == v[i+1] && v[i] == v[i+2] && v[i] == v[i+3] {
			e.spread(i, i+4, 0)
		}
	}
}

// uuidLen and uuidHyphens are the form of a UUID, of RFC 9562.
const uuidLen = 36

var uuidHyphens = []int{8, 13, 18, 23}

// uuidIn returns where in a token a UUID stands, -1 if none does.
func uuidIn(token []byte) int {
next:
	for at := 0; at+uuidLen <= len(token); at++ {
		u := token[at:][:uuidLen]
		for _, hyphen := range uuidHyphens {
			if u[hyphen] != '-' {
				continue next
			}
		}
		for i, b := range u {
			if !isHex(b) && !slices.Contains(uuidHyphens, i) {
				continue next
			}
		}
		return at
	}
	return -1
}

func isHex(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f' }

// uuid sets the bits of a UUID: 122 if it is random, else what a time and a few
// random bits may come to.
func (e Estimate) uuid(v []byte, at int) {
	bits := 40.0
	if v[at+14] == '4' && bytes.IndexByte([]byte("89abAB"), v[at+19]) >= 0 {
		bits = 122
	}
	for i, b := range v[at : at+uuidLen] {
		if b != '-' {
			e[at+i] = bits / 32
		}
	}
}

// gluedPrefixes mark a vendor without a separator behind.
var gluedPrefixes = [][]byte{[]byte("AKIA"), []byte("ASIA"), []byte("AIza"), []byte("EAAA")}

// maxPrefixPart is the length of the longest part of a prefix, in bytes.
const maxPrefixPart = 12

// prefixLen returns the length of what says of a token what it is: parts that look
// like a word or a number, each with a separator behind, as in sk_live_ or glpat-.
// A random token may lose a few of its first characters this way.
func prefixLen(token []byte) (n int) {
	for _, glued := range gluedPrefixes {
		if bytes.HasPrefix(token, glued) {
			return len(glued)
		}
	}
	for len(token)-n >= minRandom {
		part := n
		for part < len(token) && !isSeparator(token[part]) {
			part++
		}
		if part-n > maxPrefixPart || part+1 >= len(token) || !isLabel(token[n:part]) {
			return n
		}
		n = part + 1
	}
	return n
}

// isLabel reports whether part is letters of one case and behind them digits.
func isLabel(part []byte) bool {
	letters := bytes.TrimRight(part, "0123456789")
	return len(part) > 0 && (bytes.Equal(letters, bytes.ToLower(letters)) || bytes.Equal(letters, bytes.ToUpper(letters))) && !bytes.ContainsAny(letters, "0123456789")
}
