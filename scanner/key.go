package scanner

import (
	"bytes"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner/internal/pem"
)

// The limits within which the end of a private key is waited for. A key of RSA with
// 16,384 bits takes 12 KiB in 200 lines.
const (
	maxKeyBytes = 64 << 10
	maxKeyLines = 500
	maxStrange  = 4 // lines in a row that cannot be of a key
	minKeyBody  = 64
)

// key looks for private keys in PEM, line by line: an expression that ends with the
// END line would hold back or miss what has none, and logs put words of their own
// before each line.
type key struct {
	looked   int // up to here the text is known to have no beginning of a key
	mayBegin int // where a beginning is incomplete; the text's end for nowhere

	// Of a key that has begun:
	active  bool
	start   int
	prefix  int // bytes that stand before it on its first line
	next    int // where the first line begins that was not looked at
	end     int // of the last line that is of the key
	lines   int
	strange int  // lines in a row that were not of the key
	body    bool // a line was certainly of a key
	// dropping tells that it was handed out, and its further lines are left out.
	dropping bool
}

func (k *key) hold(end int) int {
	switch {
	case !k.active:
		return end
	case k.dropping:
		return k.next
	}
	return k.start
}

func (k *key) needs(end int) int {
	if k.active && !k.dropping {
		return k.start
	}
	return min(k.looked, k.mayBegin, k.hold(end))
}

// findKeys takes in the private keys that end in the text, or turn out to have no
// end.
func (l *level) findKeys(far asFar) {
	k := &l.key
	k.mayBegin = l.end()
	if l.st.keyRule < 0 {
		return
	}
	for {
		if !k.active {
			begin, behind := pem.Begin(l.buf[k.looked-l.base:])
			if begin < 0 {
				if !far.ended {
					k.mayBegin = k.looked + pem.MayBegin(l.buf[k.looked-l.base:])
				}
				k.looked = k.mayBegin
				return
			}
			l.startKey(k.looked+begin, k.looked+behind)
		}
		if !l.continueKey(far) {
			return
		}
	}
}

func (l *level) startKey(begin, behind int) {
	line := l.slice(begin-keep, begin)
	prefix := len(line) - 1 - bytes.LastIndexByte(line, '\n')
	l.key = key{looked: behind, mayBegin: l.end(), active: true, start: begin, prefix: prefix, next: behind, end: behind}
}

// continueKey looks at the further lines of a key that has begun and returns false
// if more text is needed.
func (l *level) continueKey(far asFar) bool {
	k := &l.key
	for {
		rest := l.buf[k.next-l.base:]
		n := bytes.IndexByte(rest, '\n') + 1
		switch {
		case n == 0 && len(rest) > maxKeyBytes:
			n = maxKeyBytes
		case n == 0 && far.ended:
			n = len(rest)
		case n == 0:
			return false
		}
		if done := l.keyLine(rest[:n], far.ended && n == len(rest)); done {
			return true
		}
	}
}

// keyLine looks at the next line and reports whether the key is over.
func (l *level) keyLine(line []byte, last bool) bool {
	k := &l.key
	k.lines++
	next := k.next + len(line)
	if other, _ := pem.Begin(line); other >= 0 {
		l.endKey(false, k.next)
		return true
	}
	if end := pem.End(line); end >= 0 {
		k.end = k.next + end
		l.endKey(true, k.end)
		return true
	}
	switch {
	case k.lines == 1 && pem.HasWord(line), k.lines > 1 && pem.IsBody(line, k.prefix):
		k.body, k.strange = k.body || pem.HasWord(line), 0
		k.end = next - len(line) + len(bytes.TrimRight(line, "\r\n"))
		if k.dropping {
			l.leaveOut(span{k.next, next})
		}
	case k.lines > 1 && !pem.IsBlank(line, k.prefix):
		k.strange++
	}
	k.next = next
	switch {
	case last, k.strange == maxStrange, k.lines == 1 && len(line) >= maxKeyBytes:
		l.endKey(false, next)
		return true
	case !k.dropping && (k.lines == maxKeyLines || next-k.start > maxKeyBytes):
		l.takeKey(k.end, false)
		k.dropping = true
	}
	return false
}

// endKey ends the key and goes on looking from at.
func (l *level) endKey(closed bool, at int) {
	k := &l.key
	switch {
	case k.dropping && closed:
		l.leaveOut(span{k.next, k.end})
	case k.dropping:
	case closed && k.end-k.start >= minKeyBody:
		l.takeKey(k.end, true)
	case k.body:
		l.takeKey(k.end, false)
	}
	l.key = key{looked: at, mayBegin: l.end()}
}

// takeKey takes in the key up to end.
func (l *level) takeKey(end int, closed bool) {
	on := span{l.key.start, end}
	s := &Secret{Finding: Finding{Rule: l.st.s.rules[l.st.keyRule].Rule}}
	if closed {
		s.Value = secret.Of(bytes.Clone(l.slice(on.start, on.end)))
	}
	s.Unclosed = !closed
	l.take(s, on, span{on.start - 1, on.end}, on)
}
