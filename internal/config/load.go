package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxFile     = 1 << 20 // bytes
	maxProblems = 20      // that are told at once
)

// Load reads a configuration, sets its defaults and checks it, except that the
// upstream may be left to somebody else. The files it names are made relative to its
// folder. The error tells everything that is wrong, a line each, as
// "stanch.yaml:3: unknown key …", in the order of the file.
func Load(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	c, err := Parse(text, path)
	if err == nil {
		c.resolve(filepath.Dir(path))
	}
	return c, err
}

// Parse is Load for a text that errors call file; the files it names stay as they are
// written.
func Parse(text []byte, file string) (*Config, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: a configuration has at most 1 MiB", file)
	}
	root, err := document(text, file)
	if err != nil {
		return nil, err
	}
	c := &Config{}
	o := outline{lines: map[string]int{}}
	if root != nil {
		o.visit(root, "", c)
		o.decode(root, c)
	}
	c.Ingress.SetDefaults()
	for _, p := range c.Ingress.problems() {
		o.say(o.line(p.Path), "%s", p.Error())
	}
	if len(o.problems) > 0 {
		return nil, o.err(file)
	}
	return c, nil
}

// document returns the only document of a file, nil for an empty one.
func document(text []byte, file string) (*yaml.Node, error) {
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		switch err = dec.Decode(&more); {
		case err == nil:
			return nil, fmt.Errorf("%s:%d: a second document; only one is read", file, more.Line)
		case errors.Is(err, io.EOF):
			return doc.Content[0], nil
		}
	}
	line, what := splitLine(strings.TrimPrefix(err.Error(), "yaml: "))
	return nil, fmt.Errorf("%s:%d: not YAML: %s", file, max(line, 1), what)
}

var lineOf = regexp.MustCompile(`^line (\d+): `)

// wordings replace those of the parser that name Go types, or show values, which may be
// what nobody should read.
var wordings = []struct {
	parser *regexp.Regexp
	ours   string
}{
	{regexp.MustCompile("^cannot unmarshal !!(bool|int|float|str|seq|map|timestamp|binary|null)(?s:.*)$"), "a value of the wrong type ($1)"},
	{regexp.MustCompile("^cannot (?:unmarshal|decode) (?s:.*)$"), "a value of the wrong type"},
	{regexp.MustCompile(`^unknown anchor (?s:.*)$`), "an alias without its anchor"},
	{regexp.MustCompile(`^anchor (?s:.*)$`), "an anchor that contains itself"},
	{regexp.MustCompile(`^mapping key (?s:.*) already defined at line (\d+)$`), "a key that stands in line $1 already"},
}

// splitLine takes the parser's "line N: text" apart.
func splitLine(text string) (line int, what string) {
	if m := lineOf.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	for _, w := range wordings {
		if w.parser.MatchString(text) {
			return line, w.parser.ReplaceAllString(text, w.ours)
		}
	}
	return line, text
}

// flaw is a problem with its place in the file.
type flaw struct {
	line int
	text string
}

func (o *outline) say(line int, format string, args ...any) {
	o.problems = append(o.problems, flaw{line, fmt.Sprintf(format, args...)})
}

// decode reads the values of a file whose keys were visited.
func (o *outline) decode(root *yaml.Node, c *Config) {
	err := root.Decode(c)
	var types *yaml.TypeError
	switch {
	case err == nil:
	case errors.As(err, &types):
		for _, text := range types.Errors {
			line, what := splitLine(text)
			o.say(line, "%s", what)
		}
	default:
		line, what := splitLine(strings.TrimPrefix(err.Error(), "yaml: "))
		o.say(line, "%s", what)
	}
}

// err returns the problems of a file, a line each.
func (o *outline) err(file string) error {
	slices.SortStableFunc(o.problems, func(a, b flaw) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for i, p := range slices.Compact(o.problems) {
		if i == maxProblems {
			errs = append(errs, fmt.Errorf("%s:%d: and %d more", file, max(p.line, 1), len(o.problems)-i))
			break
		}
		errs = append(errs, fmt.Errorf("%s:%d: %s", file, max(p.line, 1), p.text))
	}
	return errors.Join(errs...)
}
