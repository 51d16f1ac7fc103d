package codec

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

var errOrder = errors.New("no byte order mark fits it, and its first character is not ASCII")

// byteOrder is the order of the bytes of one unit.
type byteOrder int32

const (
	unsettled byteOrder = iota
	bigEndian
	littleEndian
)

// wide is UTF-16 or UTF-32. A name that leaves the order open (RFC 2781 §4.3) is read
// one way by the standard and another by browsers where no byte order mark stands, so
// here the first character must tell it.
type wide struct {
	unit  int          // bytes: 2 or 4
	named byteOrder    // by the charset's name
	order atomic.Int32 // byteOrder found in the body
}

// newWide finds UTF-16 or UTF-32 by one of their names, and says which it is. UCS-2 is
// taken as UTF-16 and UCS-4 as UTF-32, as everywhere.
func newWide(name string) (w *wide, canonical string) {
	switch strings.ToLower(name) {
	case "utf-16", "utf16", "csutf16", "ucs-2", "csunicode", "iso-10646-ucs-2", "unicode", "unicodefeff":
		return &wide{unit: 2}, "utf-16"
	case "utf-16be", "csutf16be", "unicodefffe":
		return &wide{unit: 2, named: bigEndian}, "utf-16be"
	case "utf-16le", "csutf16le":
		return &wide{unit: 2, named: littleEndian}, "utf-16le"
	case "utf-32", "utf32", "csutf32", "ucs-4", "csucs4", "iso-10646-ucs-4":
		return &wide{unit: 4}, "utf-32"
	case "utf-32be", "csutf32be":
		return &wide{unit: 4, named: bigEndian}, "utf-32be"
	case "utf-32le", "csutf32le":
		return &wide{unit: 4, named: littleEndian}, "utf-32le"
	}
	return nil, ""
}

// find settles the byte order at the beginning of a body. A byte order mark against the
// name is an error, since browsers would follow the mark.
func (w *wide) find(src *bufio.Reader) (encoding.Encoding, error) {
	head, err := src.Peek(w.unit)
	if err != nil {
		return nil, cut(err)
	}
	order, told := orderOf(head)
	switch {
	case w.named == unsettled && order == unsettled, told && w.named != unsettled && w.named != order:
		return nil, errOrder
	case w.named != unsettled:
		order = w.named
	}
	w.order.Store(int32(order))
	return w.found(), nil
}

// orderOf tells the order from the first unit: a byte order mark, which is told, or an
// ASCII character.
func orderOf(unit []byte) (order byteOrder, told bool) {
	last := len(unit) - 1
	big := append(make([]byte, last-1, last+1), 0xfe, 0xff)
	little := append([]byte{0xff, 0xfe}, make([]byte, last-1)...)
	zeros := make([]byte, last)
	switch {
	case bytes.Equal(unit, big):
		return bigEndian, true
	case bytes.Equal(unit, little):
		return littleEndian, true
	case bytes.HasPrefix(unit, zeros) && unit[last] != 0 && unit[last] < 0x80:
		return bigEndian, false
	case bytes.HasSuffix(unit, zeros) && unit[0] != 0 && unit[0] < 0x80:
		return littleEndian, false
	}
	return unsettled, false
}

// found gives the encoding in the order the name or the body told. It leaves byte order
// marks in the text, and adds none.
func (w *wide) found() encoding.Encoding {
	order := byteOrder(w.order.Load())
	if order == unsettled {
		order = w.named
	}
	little := order == littleEndian
	if w.unit == 4 {
		return utf32.UTF32(utf32.Endianness(little), utf32.IgnoreBOM)
	}
	return unicode.UTF16(unicode.Endianness(little), unicode.IgnoreBOM)
}
