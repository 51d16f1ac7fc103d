//go:build !amd64 || purego

package bitmap

// classify fills dst from the 64 bytes of data for each of its words.
func (c *Classifier) classify(dst []uint64, data []byte) { c.classifyPortable(dst, data) }
