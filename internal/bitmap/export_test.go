package bitmap

// ClassifyPortable is Classify of whole words without assembly.
func (c *Classifier) ClassifyPortable(dst []uint64, data []byte) { c.classifyPortable(dst, data) }
