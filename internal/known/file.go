package known

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
)

// The format of an index file, all numbers as in encoding/binary's Uvarint unless
// said otherwise:
//
//	magic       16 bytes, the last one the version of the format
//	place key   16 bytes
//	digest key  32 bytes
//	secrets     count, then each: length of the ID, ID, version
//	refused     count, then each: length of the name, name, line, reason
//	heads       count, then each: 16 bytes
//	entries     count, then each: secret, length, offset of the window, offset of its
//	            token run, tier (0 full, 1 reduced), place, head counted from 1 or 0, 16 bytes of digest
//	checksum    32 bytes, SHA-256 of all before
//
// The checksum finds damage. It proves nothing about who wrote the file.
const indexMagic = "stanch index\x00\x00\x00\x01"

// Limits of an index file.
const (
	maxIndexBytes = 256 << 20
	maxEntries    = 1 << 22
)

// IsIndex reports whether data begins as an index file does, of any version.
func IsIndex(data []byte) bool {
	return len(data) >= len(indexMagic) && bytes.HasPrefix(data, []byte(indexMagic[:len(indexMagic)-1]))
}

// AppendTo appends the index, as a file has it, to dst.
func (ix *Index) AppendTo(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, indexMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, ix.keys.place[0])
	dst = binary.LittleEndian.AppendUint64(dst, ix.keys.place[1])
	dst = append(dst, ix.keys.digest[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(ix.secrets)))
	for _, s := range ix.secrets {
		dst = appendText(dst, s.ID)
		dst = binary.AppendUvarint(dst, uint64(s.Version))
	}
	dst = binary.AppendUvarint(dst, uint64(len(ix.refused)))
	for _, r := range ix.refused {
		dst = appendText(dst, r.Name)
		dst = binary.AppendUvarint(dst, uint64(r.Line))
		dst = binary.AppendUvarint(dst, uint64(r.Why))
	}
	dst = binary.AppendUvarint(dst, uint64(len(ix.heads)))
	for _, h := range ix.heads {
		dst = append(dst, h[:]...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(ix.entries)))
	for _, e := range ix.entries {
		tier := uint32(0)
		if e.reduced {
			tier = 1
		}
		for _, n := range []uint32{e.secret, e.length, uint32(e.offset), uint32(e.run), tier, e.place, e.head} {
			dst = binary.AppendUvarint(dst, uint64(n))
		}
		dst = append(dst, e.digest[:]...)
	}
	sum := sha256.Sum256(dst[start:])
	return append(dst, sum[:]...)
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// WriteFile writes the index to a file that only its owner may read. Whoever reads the
// file meanwhile gets the old or the new one.
func (ix *Index) WriteFile(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // has mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(ix.AppendTo(nil))
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// ReadIndex reads an index file. It checks everything that could make trouble later.
func ReadIndex(r io.Reader) (*Index, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxIndexBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxIndexBytes {
		return nil, fmt.Errorf("the index is longer than %d bytes", maxIndexBytes)
	}
	return parseIndex(data)
}

var errDamaged = errors.New("the index is damaged: its checksum is wrong")

func parseIndex(data []byte) (*Index, error) {
	if !IsIndex(data) {
		return nil, errors.New("this is no index file")
	}
	if version := data[len(indexMagic)-1]; version != indexMagic[len(indexMagic)-1] {
		return nil, fmt.Errorf("the index has format %d, this program reads %d", version, indexMagic[len(indexMagic)-1])
	}
	end := len(data) - sha256.Size
	if end < len(indexMagic) {
		return nil, errDamaged
	}
	if sum := sha256.Sum256(data[:end]); !bytes.Equal(sum[:], data[end:]) {
		return nil, errDamaged
	}
	p := parser{data: data[len(indexMagic):end]}
	ix := p.index()
	if p.err == nil && len(p.data) > 0 {
		p.fail("there are %d bytes too many", len(p.data))
	}
	if p.err != nil {
		return nil, fmt.Errorf("the index is not valid: %w", p.err)
	}
	return ix, nil
}

// parser reads the parts of an index file. After its first error it returns zeros.
type parser struct {
	data []byte
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
		p.data = nil
	}
}

// number reads a number from low to high.
func (p *parser) number(what string, low, high uint64) uint64 {
	v, n := binary.Uvarint(p.data)
	if n <= 0 || v < low || v > high || n > 1 && p.data[n-1] == 0 {
		p.fail("%s is not a number from %d to %d", what, low, high)
		return 0
	}
	p.data = p.data[n:]
	return v
}

// count reads the number of things that take at least size bytes each.
func (p *parser) count(what string, most uint64, size int) int {
	return int(p.number(what, 0, min(most, uint64(len(p.data)/size))))
}

func (p *parser) bytes(dst []byte) {
	if len(p.data) < len(dst) {
		p.fail("it ends too early")
		return
	}
	p.data = p.data[copy(dst, p.data):]
}

func (p *parser) name() string {
	text := make([]byte, p.number("the length of a name", 1, maxName))
	p.bytes(text)
	if p.err == nil {
		p.err = checkName(string(text))
	}
	return string(text)
}

func (p *parser) index() *Index {
	ix := &Index{}
	var place [16]byte
	p.bytes(place[:])
	ix.keys.place = [2]uint64{binary.LittleEndian.Uint64(place[:]), binary.LittleEndian.Uint64(place[8:])}
	p.bytes(ix.keys.digest[:])
	ix.secrets = make([]Secret, p.count("the count of secrets", maxListValues, 3))
	for i := range ix.secrets {
		ix.secrets[i] = Secret{p.name(), int(p.number("a version", 0, math.MaxInt32))}
	}
	ix.refused = make([]Refused, p.count("the count of refused secrets", maxListValues, 4))
	for i := range ix.refused {
		ix.refused[i] = Refused{p.name(), int(p.number("a line", 0, math.MaxInt32)), Why(p.number("a reason", 1, uint64(reasons-1)))}
	}
	ix.heads = make([]digest, p.count("the count of heads", maxEntries, digestLen))
	for i := range ix.heads {
		p.bytes(ix.heads[i][:])
	}
	ix.entries = make([]entry, p.count("the count of entries", maxEntries, digestLen+7))
	for i := range ix.entries {
		p.entry(ix, &ix.entries[i])
	}
	return ix
}

func (p *parser) entry(ix *Index, e *entry) {
	if len(ix.secrets) == 0 {
		p.fail("there are entries without secrets")
		return
	}
	e.secret = uint32(p.number("the secret of an entry", 0, uint64(len(ix.secrets)-1)))
	e.length = uint32(p.number("the length of a secret", gateLen, maxValue))
	e.offset = uint8(p.number("the offset of a window", 0, uint64(min(MaxLead, max(e.length, windowLen)-windowLen))))
	e.run = uint8(p.number("the offset of a run", 0, uint64(e.offset)))
	placeBitsHere := placeBits
	if p.number("a tier", 0, 1) == 1 {
		e.reduced, placeBitsHere = true, reducedBits
	}
	e.place = uint32(p.number("a place", 0, 1<<placeBitsHere-1))
	e.head = uint32(p.number("a head", 0, uint64(len(ix.heads))))
	p.bytes(e.digest[:])
}
