package entry

import "unicode/utf8"

// ofPart is the type of a record that holds a part of an entry.
const ofPart Type = "part"

// around bounds what stands around the text of a part, without the prefix, in bytes.
const around = 200

// Split returns a record that Append made as it is, or, if it is longer than max bytes,
// as several that are not: objects of type "part" with the id and the type of the
// record, the number and the count of the parts, and a text. The texts in order are
// the record without its prefix.
func (f *Format) Split(record []byte, max int, t Type, e *Entry) [][]byte {
	if len(record) <= max {
		return [][]byte{record}
	}
	texts := cut(record[len(f.Prefix):], max-around-len(f.Prefix))
	id := e.Request.ID
	if len(id) > 64 {
		id = id[:64]
	}
	parts := make([][]byte, len(texts))
	for i, text := range texts {
		o := object{buf: append([]byte(f.Prefix), '{')}
		o.text("type", string(ofPart))
		o.begin("part", '{')
		o.text("id", id)
		o.text("type", string(t))
		o.number("number", int64(i+1))
		o.number("count", int64(len(texts)))
		o.name("text")
		o.buf = quote(o.buf, text)
		o.end('}')
		o.end('}')
		parts[i] = o.buf
	}
	return parts
}

// cut cuts text into pieces that have at most room bytes when quoted.
func cut(text []byte, room int) (pieces [][]byte) {
	start, used := 0, 0
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRune(text[i:])
		cost := size
		if c := text[i]; c == '"' || c == '\\' {
			cost = 2
		}
		if used+cost > room && i > start {
			pieces = append(pieces, text[start:i])
			start, used = i, 0
		}
		used += cost
		i += size
	}
	return append(pieces, text[start:])
}
