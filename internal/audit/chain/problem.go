package chain

import "fmt"

// Kind is what is wrong with a log.
type Kind string

const (
	Altered     Kind = "altered"             // a byte of the line is not as it was written
	Foreign     Kind = "foreign"             // the line belongs to no chain, or was altered beyond that
	Missing     Kind = "missing lines"       // between two lines of one file
	MissingFile Kind = "missing file"        // lines are missing where one file ends and the next begins
	CutHead     Kind = "cut head"            // the first file does not begin with line 1
	CutTail     Kind = "cut tail"            // a checkpoint pins a line after the last one
	Reordered   Kind = "reordered"           // a line stands after one that came later
	Repeated    Kind = "repeated"            // a line, or its number, is there again
	Rewritten   Kind = "not as signed"       // the line contradicts a checkpoint
	NoFiles     Kind = "chain without files" // checkpoints pin lines of which no file has any
	Forged      Kind = "forged checkpoint"   // its signature is wrong
	Unreadable  Kind = "unreadable file"     // it cannot be opened or read to its end
	More        Kind = "too many problems"   // the report stops here
)

// Place is a line in a file.
type Place struct {
	File string
	Line int // from 1
}

// Problem is one finding of [Verify].
type Problem struct {
	Kind        Kind
	Chain       string // empty if not known
	Place       Place  // the line at fault, or the one after or before what is missing
	First, Last uint64 // the numbers concerned, zero for none
	Err         error  // of Unreadable
}

// String returns file:line, what is wrong and what it concerns.
func (p Problem) String() string {
	s := string(p.Kind)
	if p.Place.File != "" {
		s = fmt.Sprintf("%s:%d: %s", p.Place.File, p.Place.Line, s)
	}
	switch {
	case p.First != 0 && p.First == p.Last:
		s += fmt.Sprintf(", number %d", p.First)
	case p.First != 0:
		s += fmt.Sprintf(", numbers %d to %d", p.First, p.Last)
	}
	if p.Chain != "" {
		s += " of " + p.Chain
	}
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

// Summary says what was read of one chain.
type Summary struct {
	Chain       string
	First, Last uint64 // lowest and highest number read, zero for none
	Lines       uint64
	Pinned      uint64 // number that the last checkpoint pins; what comes after is chained but not signed
	Closed      bool   // the last checkpoint says that no line was written after it
}

// Report is what [Verify] found.
type Report struct {
	Chains   []Summary // by name
	Problems []Problem // in the order in which they were found
}

// OK reports whether nothing is wrong with what was read.
func (r Report) OK() bool { return len(r.Problems) == 0 }
