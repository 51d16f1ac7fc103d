package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decode reads one YAML document of file into v, which keeps unknown keys out.
// Errors name file and line.
func decode(text []byte, file string, v any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	err := dec.Decode(v)
	if errors.Is(err, io.EOF) {
		return nil // an empty file says nothing
	}
	if err == nil {
		var more yaml.Node
		if dec.Decode(&more) != io.EOF {
			return fmt.Errorf("%s:%d: a second document; only one is read", file, more.Line)
		}
		return nil
	}
	var types *yaml.TypeError
	if !errors.As(err, &types) {
		return errors.New(atLine(file, strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	errs := make([]error, len(types.Errors))
	for i, text := range types.Errors {
		errs[i] = errors.New(atLine(file, text))
	}
	return errors.Join(errs...)
}

var (
	lineOf      = regexp.MustCompile(`^line (\d+): `)
	unknownIn   = regexp.MustCompile(`^field (\S+) not found in type .+$`)
	cannotStand = regexp.MustCompile("^cannot unmarshal (\\S+)(?: `.*`)? into .+$")
)

// atLine turns the parser's "line N: text" into "file:N: text", without its Go types
// and without the value, which may be what nobody should read.
func atLine(file, text string) string {
	if m := lineOf.FindStringSubmatch(text); m != nil {
		file, text = file+":"+m[1], text[len(m[0]):]
	}
	if m := unknownIn.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("unknown key %q", m[1])
	}
	if m := cannotStand.FindStringSubmatch(text); m != nil {
		text = "a value of the wrong type (" + strings.TrimPrefix(m[1], "!!") + ")"
	}
	return file + ": " + text
}
