package view

// minRun is the shortest run of base64 that is looked at, without its padding.
const minRun = 16

// run looks at the run of tokens from s on: at hexadecimal digits and base64 in it.
func (d *Decoder) run(in *input, s int) (next int, out outcome) {
	for {
		limit := s + maxSource
		e := d.places.runEnd(in.text, s, limit)
		cut := e == limit
		switch {
		case !cut && in.open(e):
			return s, undecided
		case e-s < minRun || d.header.framed():
			return e, absent
		}
		if next, out = d.decode(in, s, e, cut); out == found {
			if out = d.inPlace(in, s, e, cut); out == found {
				return d.seg.End, found
			}
			next = e
		}
		d.long, d.pieces = long{}, 0
		switch {
		case out == undecided:
			return s, undecided
		case !cut:
			return next, absent
		}
		s = next
	}
}

// decode looks for a value in the run of tokens from s to e. If the run is cut off
// there, more of it follows.
func (d *Decoder) decode(in *input, s, e int, cut bool) (next int, out outcome) {
	if e-s >= minHex {
		if out = d.hex(in, s, e, cut); out != absent {
			return e, out
		}
		if in.text[s+2] == '-' && in.text[s+5] == '-' && isHex(in.text[s]) {
			if _, out = d.pairs(in, s); out != absent {
				return e, out
			}
		}
	}
	return d.base64(in, s, e, cut)
}

// inPlace tells whether what was found in a run of tokens from s to e is a value by
// itself. Next to a character that is encoded alone it is a part of one that is longer
// on the next level.
func (d *Decoder) inPlace(in *input, s, e int, cut bool) outcome {
	if d.adjacent && s == d.at {
		return absent
	}
	if cut || d.isPadded(in, e) {
		return found
	}
	switch d.unitAt(in, e) {
	case found:
		return absent
	case undecided:
		return undecided
	}
	return found
}

// isPadded reports whether the equals sign at e, behind which a line ends, is the padding of
// the base64 that was found, rather than a soft line break within it: then the last
// character before it stands for nothing in its last two bits.
func (d *Decoder) isPadded(in *input, e int) bool {
	return d.seg.Kind == Base64 && d.seg.End == e+1 && (d.seg.End-d.seg.Start)%4 == 0 &&
		sextet[in.text[e-1]]&3 == 0 && (in.is(e+1, '\r') || in.is(e+1, '\n'))
}
