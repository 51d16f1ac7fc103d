package rules

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lines maps the path of a table or key, in lower case with the position of each
// array element ("rules[3].regex"), to the line it stands on.
type lines map[string]int

// of returns the line of path or, where the file has no such key, of the nearest
// table around it; 0 when there is none.
func (l lines) of(path string) int {
	for {
		if n, ok := l[path]; ok {
			return n
		}
		cut := strings.LastIndexByte(path, '.')
		if cut < 0 {
			return 0
		}
		path = path[:cut]
	}
}

// linesOf finds the lines of a text that has already been decoded without error.
func linesOf(text []byte) lines {
	l := lines{}
	count := map[string]int{} // array tables seen so far
	table := ""
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		var names []string
		line := 0
		for it := e.Key(); it.Next(); {
			node := it.Node()
			if line == 0 {
				line = p.Shape(p.Range(node.Data)).Start.Line
			}
			names = append(names, strings.ToLower(string(node.Data)))
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = within("", names, count)
			if e.Kind == unstable.ArrayTable {
				count[table]++
				table = fmt.Sprintf("%s[%d]", table, count[table]-1)
			}
			l[table] = line
		case unstable.KeyValue:
			key := strings.Join(names, ".")
			if table != "" {
				key = table + "." + key
			}
			l[key] = line
		}
	}
	return l
}

// within spells a table's path, with the current position of every array it
// passes through.
func within(path string, names []string, count map[string]int) string {
	for i, name := range names {
		if path != "" {
			path += "."
		}
		path += name
		if n := count[path]; n > 0 && i < len(names)-1 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}
