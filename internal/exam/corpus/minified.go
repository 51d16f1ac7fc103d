package corpus

import (
	"io"
	"strconv"
)

// bundleSize is about how long the one line of a minified bundle is, in bytes.
const bundleSize = 256 << 10

// Minified writes text like bundled, minified JavaScript, at least size bytes of it:
// short names, few blanks, lines of some hundred kilobytes.
func Minified(w io.Writer, seed uint64, size int64) error {
	s := &script{stream: newStream(w, seed)}
	return s.fill(size, s.module)
}

// script makes minified JavaScript.
type script struct {
	*stream
	lineStart int64 // offset of the current line
}

var (
	methods   = []string{"map", "filter", "forEach", "push", "apply", "call", "then", "catch", "slice", "concat", "indexOf", "join", "replace", "split", "keys", "assign", "create", "bind", "get", "set", "has", "addEventListener", "setAttribute", "getState", "dispatch", "subscribe", "createElement"}
	property  = []string{"length", "prototype", "default", "exports", "props", "state", "value", "key", "type", "children", "className", "style", "current", "id", "name", "data", "options", "target", "parentNode", "token", "path", "auth"}
	operators = []string{"+", "-", "*", "/", "%", "&&", "||", "===", "!==", "==", "<", ">", "<=", ">=", "|", "&", "^", "<<", ">>>", "??", ","}
)

// module appends one module of a bundle.
func (s *script) module() {
	if s.size() == s.lineStart {
		s.put("/*! For license information please see main.js.LICENSE.txt */(self.webpackChunk=self.webpackChunk||[]).push([[179],{")
	}
	s.put(strconv.Itoa(s.between(1, 99999)), ":(e,t,n)=>{\"use strict\";")
	for range s.between(2, 12) {
		s.statement(4)
	}
	s.put("},")
	if s.size()-s.lineStart > bundleSize {
		s.put("0:()=>{}}]);\n//# sourceMappingURL=main.")
		s.random(lowerHex, 8)
		s.put(".js.map\n")
		s.lineStart = s.size()
	}
}

// name appends an identifier.
func (s *script) name() {
	s.random("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$", 1)
	if s.chance(25) {
		s.random(lowerSet, 1)
	}
}

func (s *script) statement(depth int) {
	switch kind := s.rng.IntN(8); {
	case depth == 0 || kind < 3:
		s.expression(depth)
	case kind == 3:
		s.put("var ")
		s.name()
		s.put("=")
		s.expression(depth - 1)
	case kind == 4:
		s.put("if(")
		s.expression(depth - 1)
		s.put("){")
		s.statement(depth - 1)
		s.put("}else ")
		s.statement(depth - 1)
		return
	case kind == 5:
		s.put("for(var r=0;r<")
		s.name()
		s.put(".length;r++)")
		s.expression(depth - 1)
	case kind == 6:
		s.put("return ")
		s.expression(depth - 1)
	default:
		s.put("function ")
		s.name()
		s.put("(e,t){")
		for range s.between(1, 4) {
			s.statement(depth - 1)
		}
		s.put("}")
		return
	}
	s.put(";")
}

func (s *script) expression(depth int) {
	if depth <= 0 {
		s.atom()
		return
	}
	switch s.rng.IntN(7) {
	case 0:
		s.expression(depth - 1)
		s.put(s.pick(operators))
		s.expression(depth - 1)
	case 1:
		s.put("(0,")
		s.name()
		s.put(".", s.pick(methods), ")(")
		s.expression(depth - 1)
		s.put(")")
	case 2:
		s.name()
		s.put(".", s.pick(property), ".", s.pick(methods), "((function(e){return ")
		s.expression(depth - 1)
		s.put("}))")
	case 3:
		s.put("{", s.pick(property), ":")
		s.expression(depth - 1)
		s.put(",", s.pick(property), ":")
		s.expression(depth - 1)
		s.put("}")
	case 4:
		s.expression(depth - 1)
		s.put("?")
		s.expression(depth - 1)
		s.put(":")
		s.expression(depth - 1)
	default:
		s.name()
		s.put(".", s.pick(property))
	}
}

// atom appends a name, number or string.
func (s *script) atom() {
	switch s.rng.IntN(9) {
	case 0:
		s.put(strconv.Itoa(s.between(0, 4096)))
	case 1:
		s.put(s.pick([]string{"!0", "!1", "null", "void 0", "this", "[]", "{}", "1e3", ".5"}))
	case 2:
		s.put(`"`, s.pick(prose), `-`, s.pick(prose), `"`)
	case 3:
		s.put(`"`, s.pick(prose), ` `, s.pick(prose), ` `, s.pick(prose), `"`)
	case 4:
		s.put("n(", strconv.Itoa(s.between(1, 99999)), ")")
	default:
		s.name()
	}
}
