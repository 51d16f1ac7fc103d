package corpus

import (
	"fmt"
	"strconv"
	"strings"
)

// field is a part of a compiled template. A template is text with fields, $(name) or
// $(name:argument), that are made anew each time: "$(ip) port $(int:1024-65535)". A
// name is one of fields or of vocabulary, or "one" (alternatives, split by "|"),
// "repeat" (low-high:template) or "secret" (a rule); alternatives and vocabulary are
// templates themselves. A field appends its text to a stream.
type field func(*stream)

// compiler turns templates into fields and keeps those of the vocabulary.
type compiler map[string]field

// compile panics on a faulty template: all of them are this package's own data.
func (c compiler) compile(template string) field {
	var parts []field
	for template != "" {
		start := strings.Index(template, "$(")
		if start < 0 {
			start = len(template)
		}
		if literal := template[:start]; literal != "" {
			parts = append(parts, func(s *stream) { s.buf = append(s.buf, literal...) })
		}
		if start == len(template) {
			break
		}
		end := start + closing(template[start:])
		name, arg, _ := strings.Cut(template[start+2:end], ":")
		parts = append(parts, c.field(name, arg))
		template = template[end+1:]
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return func(s *stream) {
		for _, part := range parts {
			part(s)
		}
	}
}

// closing returns the index of the parenthesis that closes the first one.
func closing(text string) int {
	depth := 0
	for i, b := range []byte(text) {
		switch b {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	panic("corpus: field without end: " + text)
}

func (c compiler) field(name, arg string) field {
	switch name {
	case "one":
		return c.oneOf(arg)
	case "repeat":
		return c.repeat(arg)
	case "secret":
		return c.secret(arg)
	}
	if construct, ok := fields[name]; ok {
		return construct(arg)
	}
	if f, ok := c[name]; ok {
		return f
	}
	alternatives, ok := vocabulary[name]
	if !ok {
		panic(fmt.Sprintf("corpus: unknown field %q", name))
	}
	f := c.oneOf(alternatives)
	c[name] = f
	return f
}

// oneOf returns a field that makes one of the alternatives, each as likely.
func (c compiler) oneOf(alternatives string) field {
	var list []field
	for rest, more := alternatives, true; more; {
		var first string
		first, rest, more = cutAlternative(rest)
		list = append(list, c.compile(first))
	}
	return func(s *stream) { list[s.rng.IntN(len(list))](s) }
}

// cutAlternative cuts text at the first "|" outside parentheses.
func cutAlternative(text string) (first, rest string, found bool) {
	depth := 0
	for i, b := range []byte(text) {
		switch {
		case b == '(':
			depth++
		case b == ')':
			depth--
		case b == '|' && depth == 0:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// repeat returns a field that makes a template several times, without separator.
func (c compiler) repeat(arg string) field {
	count, template, _ := strings.Cut(arg, ":")
	low, high := bounds(count)
	part := c.compile(template)
	return func(s *stream) {
		for range s.between(low, high) {
			part(s)
		}
	}
}

// records compiles a file of records: each starts on a line with its weight, a
// blank and a template; a line that starts with "+ " continues it on a new line.
// Every weight-th part of the result is that record, so that a uniform choice
// keeps the weights.
func (c compiler) records(text string) (list []field) {
	text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n+ ", "\x00")
	for line := range strings.SplitSeq(text, "\n") {
		number, template, _ := strings.Cut(line, " ")
		weight, err := strconv.Atoi(number)
		if err != nil {
			panic(fmt.Sprintf("corpus: record without weight: %q", line))
		}
		record := c.compile(strings.ReplaceAll(template, "\x00", "\n") + "\n")
		for range weight {
			list = append(list, record)
		}
	}
	return list
}
