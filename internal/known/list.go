package known

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"unicode"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/internal/secret"
)

// Limits of a secret list.
const (
	maxListBytes  = 64 << 20
	maxListValues = 1 << 20
)

// listName is what may stand before the = of a line.
var listName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./:@-]*$`)

// ParseList reads the values of a secret list, which share memory with data. A line is
// NAME=VALUE or a value alone, which is named by its line, as secret-3. Blank lines,
// lines that begin with # and the word export before a name are skipped, and blanks
// around names and values are not part of them. In double quotes \n, \r, \t, \" and \\
// stand for what they do in JSON, so that a value can have several lines; in single
// quotes everything stands for itself. A name that comes again has another version of
// its secret.
//
// A value alone whose beginning reads like NAME= must be given a name. Errors name
// lines, never what is in them.
func ParseList(data []byte) ([]Value, error) {
	if len(data) > maxListBytes {
		return nil, fmt.Errorf("the list is longer than %d bytes", maxListBytes)
	}
	var values []Value
	versions := map[string]int{}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if len(values) == maxListValues {
			return nil, fmt.Errorf("line %d: there are more than %d values", number, maxListValues)
		}
		name, text := splitName(line)
		if name == "" {
			name = fmt.Sprintf("secret-%d", number)
		}
		plain, err := unquote(text)
		if err == nil && len(name) > maxName {
			err = fmt.Errorf("the name is longer than %d bytes", maxName)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		versions[name]++
		values = append(values, Value{Secret{name, versions[name]}, number, secret.Of(plain)})
	}
	return values, nil
}

// splitName splits a line into name and value; the name is empty for a value alone.
func splitName(line []byte) (name string, value []byte) {
	before, after, ok := bytes.Cut(line, []byte("="))
	before = bytes.TrimSpace(bytes.TrimPrefix(before, []byte("export ")))
	if !ok || !listName.Match(before) || isPadded(line) {
		return "", line
	}
	return string(before), bytes.TrimSpace(after)
}

// isPadded reports whether line is base64 with padding, and no name without a value:
// names seldom have letters of both cases, digits and the right length.
func isPadded(line []byte) bool {
	if _, err := base64.StdEncoding.DecodeString(string(line)); err != nil {
		return false
	}
	return bytes.ContainsAny(line, "0123456789") && !bytes.Equal(line, bytes.ToUpper(line)) && !bytes.Equal(line, bytes.ToLower(line))
}

var (
	errQuote  = errors.New(`a value that begins with a double quote must end with one, and have \ only before n, r, t, " and \`)
	errSingle = errors.New("a value that begins with a single quote must end with one")
)

// unquote returns the value that text stands for, in the memory of text.
func unquote(text []byte) ([]byte, error) {
	switch last := len(text) - 1; {
	case last < 0:
		return text, nil
	case text[0] == '\'' && (last == 0 || text[last] != '\''):
		return nil, errSingle
	case text[0] == '\'':
		return text[1:last], nil
	case text[0] != '"':
		return text, nil
	case last == 0 || text[last] != '"':
		return nil, errQuote
	}
	text = text[1 : len(text)-1]
	plain := text[:0]
	for i := 0; i < len(text); i++ {
		b := text[i]
		if b == '"' {
			return nil, errQuote
		}
		if b == '\\' {
			i++
			if i == len(text) {
				return nil, errQuote
			}
			at := bytes.IndexByte([]byte(`nrt"\`), text[i])
			if at < 0 {
				return nil, errQuote
			}
			b = "\n\r\t\"\\"[at]
		}
		plain = append(plain, b)
	}
	return plain, nil
}

// checkName reports what is wrong with the name of a secret, which is written to
// logs and terminals.
func checkName(name string) error {
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("the name of a secret has %d bytes, not 1 to %d", len(name), maxName)
	case !utf8.ValidString(name):
		return errors.New("the name of a secret is not UTF-8")
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return errors.New("the name of a secret cannot be printed")
		}
	}
	return nil
}
