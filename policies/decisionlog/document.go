package decisionlog

import (
	"bytes"
	"encoding/json"
)

// decode reads a document with its numbers as they are written.
func decode(text []byte) (doc any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return doc, d.Decode(&doc)
}

// encode writes the part name, or nothing if it is not there.
func encode(parts map[string]any, name string) (json.RawMessage, error) {
	part, ok := parts[name]
	if !ok {
		return nil, nil
	}
	return json.Marshal(part)
}

// notText reports whether JSON text may stand for bytes that are not UTF-8, which
// encoding/json writes as this escape. (A U+FFFD that was there is written plainly.)
func notText(text []byte) bool { return bytes.Contains(text, []byte(`\ufffd`)) }
