package entry

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
)

// maxDepth is how deep data is written out. What lies deeper is hashed as one text.
const maxDepth = 64

// data writes what a request or an answer carries.
func (w *writer) data(name string, data map[string]any, plain []string, elide bool) {
	w.name(name)
	d := dataWriter{writer: w, plain: plain}
	if elide {
		data = elided(data)
	}
	d.value("", data, 0)
}

// elided returns data with the length of a list's names in place of them.
func elided(data map[string]any) map[string]any {
	data = maps.Clone(data)
	for _, name := range []string{"keys", "key_info"} {
		switch v := data[name].(type) {
		case []any:
			data[name] = len(v)
		case []string:
			data[name] = len(v)
		case map[string]any:
			data[name] = len(v)
		}
	}
	return data
}

// dataWriter writes values of any kind, texts hashed.
type dataWriter struct {
	*writer
	plain []string // fields whose texts are written as they are
}

// value writes v, which stands in the field of this name, or in lists within it.
func (d *dataWriter) value(field string, v any, depth int) {
	if depth > maxDepth {
		d.deep(v)
		return
	}
	switch v := v.(type) {
	case nil:
		d.buf = append(d.buf, "null"...)
	case bool:
		d.buf = strconv.AppendBool(d.buf, v)
	case string:
		d.text(field, []byte(v))
	case []byte:
		d.text(field, v)
	case secret.Bytes:
		d.text(field, v.Reveal())
	case json.Number:
		if !numeric(string(v)) {
			d.text(field, []byte(v))
			return
		}
		d.buf = append(d.buf, v...)
	case int:
		d.buf = strconv.AppendInt(d.buf, int64(v), 10)
	case int64:
		d.buf = strconv.AppendInt(d.buf, v, 10)
	case time.Time:
		d.buf = append(v.AppendFormat(append(d.buf, '"'), time.RFC3339Nano), '"')
	case map[string]any:
		members(d, v, depth)
	case map[string]string:
		members(d, v, depth)
	case []any:
		items(d, field, v, depth)
	case []string:
		items(d, field, v, depth)
	default:
		d.other(field, v, depth)
	}
}

func members[T any](d *dataWriter, m map[string]T, depth int) {
	d.buf = append(d.buf, '{')
	for _, k := range slices.Sorted(maps.Keys(m)) {
		d.member(k)
		d.value(k, m[k], depth+1)
	}
	d.end('}')
}

func items[T any](d *dataWriter, field string, list []T, depth int) {
	d.buf = append(d.buf, '[')
	for _, v := range list {
		d.name("")
		d.value(field, v, depth+1)
	}
	d.end(']')
}

func (d *dataWriter) text(field string, v []byte) {
	if slices.Contains(d.plain, field) {
		d.buf = quote(d.buf, v)
		return
	}
	d.hashed(v)
}

// other writes a value by way of its JSON.
func (d *dataWriter) other(field string, v any, depth int) {
	text, err := json.Marshal(v)
	if err != nil {
		d.hashed([]byte("no JSON: " + err.Error()))
		return
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		d.hashed(text)
		return
	}
	d.value(field, plain, depth)
}

// deep hashes what is nested too deep to be written out.
func (d *dataWriter) deep(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte("no JSON: " + err.Error())
	}
	d.hashed(text)
}

// numeric reports whether s is a number of JSON. json.Number holds any text.
func numeric(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	return json.Valid([]byte(s))
}
