package vector

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// partLength is the length of a stored part in bytes. No rule finds a secret in
// so little, and none reaches over the punctuation between two parts.
const partLength = 8

// Encode returns the file that holds the vectors, one line per field.
func Encode(vectors []Vector) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("{\"vectors\": [\n")
	for i := range vectors {
		if i > 0 {
			b.WriteString(",\n")
		}
		if err := vectors[i].encode(&b); err != nil {
			return nil, err
		}
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

func (v *Vector) encode(b *bytes.Buffer) error {
	s := v.split()
	fields := []struct {
		name  string
		value any
	}{
		{"id", s.ID}, {"axes", s.Axes}, {"known", s.Known}, {"input", s.Input}, {"hex", s.Hex},
		{"chunks", s.Chunks}, {"vanish", s.Vanish}, {"stay", s.Stay}, {"parse", s.Parse},
	}
	open := "{"
	for _, f := range fields {
		if f.value == false {
			continue
		}
		fmt.Fprintf(b, "%s\"%s\": ", open, f.name)
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(f.value); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // Encode ends with a newline
		open = ",\n "
	}
	b.WriteString("}")
	return nil
}

// split cuts what holds secrets into parts.
func (v *Vector) split() stored {
	s := stored{
		ID: v.ID, Axes: v.Axes, Known: []storedKnown{}, Chunks: v.Chunks, Vanish: [][]string{}, Stay: v.Stay, Parse: v.Parse,
	}
	text := string(v.Input)
	if !utf8.ValidString(text) {
		s.Hex, text = true, hex.EncodeToString(v.Input)
	}
	s.Input = parts(text)
	for _, k := range v.Known {
		s.Known = append(s.Known, storedKnown{k.Name, parts(k.Value)})
	}
	for _, secret := range v.Vanish {
		s.Vanish = append(s.Vanish, parts(secret))
	}
	return s
}

// parts cuts text into pieces of about partLength bytes, never inside a character.
func parts(text string) (list []string) {
	for len(text) > partLength {
		n := partLength
		for !utf8.RuneStart(text[n]) {
			n--
		}
		list, text = append(list, text[:n]), text[n:]
	}
	return append(list, text)
}
