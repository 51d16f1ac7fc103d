package view

// escape begins the sequences that control a terminal.
const escape = 0x1b

// mostControl is the length in bytes of the longest such sequence that is looked for.
const mostControl = 32

// control looks at the escape at at, which may begin a sequence that sets colours or
// moves the cursor (CSI of ECMA-48). For who reads the terminal it is not there: what
// stands on both sides is one text.
func (d *Decoder) control(in *input, at int) (next int, out outcome) {
	end := at + 1
	switch {
	case in.open(end):
		return at, undecided
	case !in.is(end, '['):
		return at + 1, absent
	}
	for end++; end < at+mostControl; end++ {
		switch {
		case in.open(end):
			return at, undecided
		case end == len(in.text):
			return at + 1, absent
		case in.text[end] >= '@' && in.text[end] <= '~':
			return d.takeFrame(at, end+1)
		case in.text[end] < ' ' || in.text[end] > '?':
			return at + 1, absent
		}
	}
	return at + 1, absent
}
