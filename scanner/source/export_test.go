package source

import "github.com/stanch-dev/stanch/rules"

// What the tests look at from within.
const (
	BlockSize = blockSize
	Overlap   = overlap
	Before    = before
)

var (
	IsApplication = isApplication
	IsBinary      = isBinary
	IsArchiveName = isArchiveName
)

// PathMatcher returns the match of a path list.
func PathMatcher(lists []*rules.Allowlist, compat bool) func(string) bool {
	return newPathList(lists, compat).match
}
