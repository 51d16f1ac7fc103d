package split

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strconv"
)

// Bounds of one event. What goes beyond them is not looked into.
const (
	maxEventDepth  = 32
	maxEventNodes  = 512
	maxEventTokens = 512
)

// token is a string of an event that may be a piece of a longer text.
type token struct {
	start, end int    // of the content between the quotes
	node       int    // the object it is in
	name       []byte // its key there
	key        uint64 // equal in all events that go on with the text
	event      uint64 // equal in all events of one block
}

// node is an object or an array of an event.
type node struct {
	parent int // -1 for the outermost
	name   []byte
	elem   int                     // its place if it stands in an array, else -1
	index  [len(indexNames)][]byte // values of the fields that tell texts apart
	kind   []byte                  // value of its "type"
	hash   uint64                  // of its path with all indexes
}

// indexNames are the fields that tell which of several texts an object belongs to,
// wherever they stand in it. The first tells an array's elements apart.
var indexNames = [...]string{"index", "output_index", "content_index", "summary_index"}

// isTokenName reports whether strings of that name come token by token: in chat
// and plain completions, in the events of messages and responses, for tool calls.
func isTokenName(name []byte) bool {
	switch string(name) {
	case "content", "text", "delta", "partial_json", "arguments", "thinking", "reasoning_content", "reasoning", "refusal", "completion":
		return true
	}
	return false
}

// tokenReader finds the tokens of events. It reads JSON (RFC 8259) leniently: what
// strings and numbers consist of is not checked.
type tokenReader struct {
	data   []byte
	at     int
	nodes  []node
	tokens []token
	hash   maphash.Hash
}

// read returns the tokens of one event in their order, none if it is not JSON. If
// the event ends its block, stop is the block's event. The tokens are valid until
// the next call.
func (r *tokenReader) read(data []byte) (tokens []token, stop uint64) {
	clear(r.nodes)
	clear(r.tokens)
	r.data, r.at, r.nodes, r.tokens = data, 0, r.nodes[:0], r.tokens[:0]
	if c := r.next(); c != '{' && c != '[' || !r.container(-1, nil, -1, 0) || r.next() != 0 || r.at < len(data) {
		return nil, 0
	}
	for i := range r.nodes {
		r.nodes[i].hash = r.hashNode(&r.nodes[i])
	}
	root := &r.nodes[0]
	for i := range r.tokens {
		t := &r.tokens[i]
		t.key, t.event = r.hashToken(t), root.hash
	}
	if root.stops() {
		stop = root.hash
	}
	return r.tokens, stop
}

// stops reports whether an event says that its block is complete.
func (n *node) stops() bool {
	indexed := false
	for _, value := range n.index {
		indexed = indexed || len(value) > 0
	}
	for _, end := range []string{"stop", "done", "end"} {
		if indexed && bytes.HasSuffix(n.kind, []byte(end)) {
			return true
		}
	}
	return false
}

// hashNode returns the hash of the node's path; its parent has one already. The
// index of an event without a type counts the events, so it tells nothing.
func (r *tokenReader) hashNode(n *node) uint64 {
	r.hash.Reset()
	if n.parent < 0 && len(n.kind) == 0 {
		return r.hash.Sum64()
	}
	var scratch [20]byte
	if n.parent >= 0 {
		r.hash.Write(binary.LittleEndian.AppendUint64(scratch[:0], r.nodes[n.parent].hash))
		r.hash.Write(n.name)
	}
	if n.elem >= 0 && len(n.index[0]) == 0 {
		r.hash.WriteByte(0)
		r.hash.Write(strconv.AppendInt(scratch[:0], int64(n.elem), 10))
	}
	for i, value := range n.index {
		if len(value) > 0 {
			r.hash.WriteByte(byte(i))
			r.hash.Write(value)
		}
	}
	return r.hash.Sum64()
}

// hashToken returns the token's key. A name that says no more than "delta" is told
// apart by the type of its event.
func (r *tokenReader) hashToken(t *token) uint64 {
	var scratch [8]byte
	n := &r.nodes[t.node]
	r.hash.Reset()
	r.hash.Write(binary.LittleEndian.AppendUint64(scratch[:0], n.hash))
	r.hash.Write(t.name)
	if string(t.name) == "delta" {
		r.hash.WriteByte(0)
		r.hash.Write(n.kind)
	}
	return r.hash.Sum64()
}

// container reads an object or array; its opening bracket is next.
func (r *tokenReader) container(parent int, name []byte, elem, depth int) bool {
	if depth == maxEventDepth || len(r.nodes) == maxEventNodes {
		return false
	}
	id := len(r.nodes)
	r.nodes = append(r.nodes, node{parent: parent, name: name, elem: elem})
	open := r.data[r.at]
	shut := open + 2 // in ASCII, for both kinds
	r.at++
	if r.next() == shut {
		r.at++
		return true
	}
	for i := 0; ; i++ {
		ok := false
		if open == '{' {
			ok = r.member(id, depth)
		} else {
			ok = r.value(id, nil, i, depth)
		}
		if !ok {
			return false
		}
		c := r.next()
		r.at++
		if c == shut {
			return true
		}
		if c != ',' {
			return false
		}
	}
}

// member reads a name and its value.
func (r *tokenReader) member(id, depth int) bool {
	start, end, ok := r.quoted()
	if !ok || r.next() != ':' {
		return false
	}
	r.at++
	return r.value(id, r.data[start:end], -1, depth)
}

// value reads a value of the node, with its name there or its place.
func (r *tokenReader) value(id int, name []byte, elem, depth int) bool {
	var start, end int
	switch r.next() {
	case '{', '[':
		return r.container(id, name, elem, depth+1)
	case '"':
		ok := false
		if start, end, ok = r.quoted(); !ok {
			return false
		}
		if start < end && isTokenName(name) {
			if len(r.tokens) == maxEventTokens {
				return false
			}
			r.tokens = append(r.tokens, token{start: start, end: end, node: id, name: name})
		}
		if string(name) == "type" {
			r.nodes[id].kind = r.data[start:end]
		}
	default:
		for start = r.at; r.at < len(r.data) && inLiteral(r.data[r.at]); {
			r.at++
		}
		if end = r.at; start == end {
			return false
		}
	}
	for i := range indexNames {
		if string(name) == indexNames[i] {
			r.nodes[id].index[i] = r.data[start:end]
		}
	}
	return true
}

// quoted reads a string and returns where its content is.
func (r *tokenReader) quoted() (start, end int, ok bool) {
	if r.next() != '"' {
		return 0, 0, false
	}
	start = r.at + 1
	for i := start; i < len(r.data); i++ {
		switch r.data[i] {
		case '\\':
			i++
		case '"':
			r.at = i + 1
			return start, i, true
		}
	}
	return 0, 0, false
}

// next skips white space and returns the byte that follows, or 0 at the end.
func (r *tokenReader) next() byte {
	for ; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; c {
		case ' ', '\t':
		default:
			return c
		}
	}
	return 0
}

// inLiteral reports whether c may stand in a number, true, false or null.
func inLiteral(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}
