//go:build !amd64 || purego

package prefilter

// markBlocks is the vector part of Mark; there is none.
func (f *Filter) markBlocks([]byte, []uint64) int { return 0 }
