package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// outline is what there is to know of a file beside its values: in which line each
// key stands, and what is wrong.
type outline struct {
	lines    map[string]int // by path, as ingress.routes[0].path
	problems []flaw
}

// visit holds a node, at a path, against what v (a pointer) can take, and notes the
// lines of all below it.
func (o *outline) visit(node *yaml.Node, path string, v any) {
	o.node(node, path, reflect.TypeOf(v).Elem())
}

func (o *outline) node(node *yaml.Node, path string, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Anchor != "" || node.Kind == yaml.AliasNode {
		o.say(node.Line, "anchors and aliases are not read; write the value out")
		return
	}
	switch {
	case t.Kind() == reflect.Struct && node.Kind == yaml.MappingNode:
		o.mapping(node, path, t)
	case t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		for i, item := range node.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			o.lines[at] = item.Line
			o.node(item, at, t.Elem())
		}
	case t.Kind() == reflect.Int:
		if n, err := strconv.ParseInt(node.Value, 0, 64); err == nil && n == 0 { // else it would silently be the default
			o.say(node.Line, "%s: 0 is not a limit; leave it out for the default", path)
		}
	}
}

func (o *outline) mapping(node *yaml.Node, path string, t reflect.Type) {
	known := keysOf(t)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, ok := known[key.Value]
		if !ok {
			o.say(key.Line, "unknown key %s", unknown(key.Value, known))
			continue
		}
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		o.lines[at] = key.Line
		o.node(value, at, field)
	}
}

// keysOf returns the keys that a struct has, with what they take.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for field := range t.Fields() {
		keys[field.Tag.Get("yaml")] = field.Type
	}
	return keys
}

// unknown names a key that there is not, and the one that may have been meant.
func unknown(key string, known map[string]reflect.Type) string {
	const shown = 40
	text := fmt.Sprintf("%.*q", shown, key)
	best, distance := "", len(key)/3+1
	for candidate := range known {
		if d := edits(key, candidate, distance); d < distance || d == distance && (best == "" || candidate < best) {
			best, distance = candidate, d
		}
	}
	if best != "" {
		text += fmt.Sprintf("; did you mean %q?", best)
	}
	return text
}

// edits returns how many letters must be put in, taken out, replaced or swapped with
// their neighbour to make b of a, or limit+1 if they are more.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := before
		before, row = row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, before[j+1]+1, before[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], last[j-1]+1)
			}
		}
	}
	return min(row[len(b)], limit+1)
}

// line returns the line of the key at a path, or of what it would stand in.
func (o *outline) line(path string) int {
	for {
		if line, ok := o.lines[path]; ok {
			return line
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return 1
		}
		path = path[:cut]
	}
}
