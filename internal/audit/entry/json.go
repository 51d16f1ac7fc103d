package entry

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// object writes a JSON object field by field. Fields that are zero are left out.
type object struct{ buf []byte }

// begin opens an object or a list: the value of name, or an item if that is empty.
func (o *object) begin(name string, bracket byte) {
	o.name(name)
	o.buf = append(o.buf, bracket)
}

func (o *object) end(bracket byte) { o.buf = append(o.buf, bracket) }

// name writes what stands before a value: the comma and, in an object, the name.
func (o *object) name(name string) {
	if n := len(o.buf); n > 0 && o.buf[n-1] != '{' && o.buf[n-1] != '[' {
		o.buf = append(o.buf, ',')
	}
	if name != "" {
		o.buf = append(quote(o.buf, name), ':')
	}
}

// member writes the name of a field, which may be empty.
func (o *object) member(name string) {
	if name != "" {
		o.name(name)
		return
	}
	o.name("")
	o.buf = append(o.buf, `"":`...)
}

func (o *object) text(name, v string) {
	if v != "" {
		o.name(name)
		o.buf = quote(o.buf, v)
	}
}

func (o *object) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	o.member(name)
	o.buf = append(o.buf, '[')
	for _, v := range list {
		o.name("")
		o.buf = quote(o.buf, v)
	}
	o.end(']')
}

func (o *object) number(name string, v int64) {
	if v != 0 {
		o.name(name)
		o.buf = strconv.AppendInt(o.buf, v, 10)
	}
}

func (o *object) seconds(name string, v time.Duration) { o.number(name, int64(v/time.Second)) }

func (o *object) time(name string, v time.Time, layout string) {
	if !v.IsZero() {
		o.name(name)
		o.buf = append(v.UTC().AppendFormat(append(o.buf, '"'), layout), '"')
	}
}

func (o *object) truth(name string, v bool) {
	if v {
		o.name(name)
		o.buf = append(o.buf, "true"...)
	}
}

// quote appends s as a JSON string of valid UTF-8 on one line.
func quote[T string | []byte](dst []byte, s T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)])); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch {
		case c >= utf8.RuneSelf:
			dst = append(dst, `\ufffd`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, '\\', c)
		}
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
