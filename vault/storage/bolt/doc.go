// Package bolt keeps a store in one file of this machine, a bbolt database. It is
// the storage of a single node: no server to run, one file to keep safe.
//
// # Writing
//
// bbolt has one writer at a time, and each of its commits costs two waits for the
// disk (fdatasync, for the pages and for the page that points to them). So Updates
// that come together share a commit. Their functions run one after the other, each
// in the goroutine that called Update, in one bbolt transaction, the group. Whoever
// ends and finds nobody waiting, or the group full, commits it for all; an Update
// that is alone commits at once. There is no goroutine and no timer behind it.
//
// A function that fails takes its own writes back, record by record, so that the
// others of the group never see them. It still waits for the group: what it saw of
// the others, and failed because of, is then as durable as its answer.
//
// # Failing
//
// A commit that finds no room, [storage.ErrFull], changes nothing, and the store
// goes on. After any other failed commit nobody knows what the disk has: an fsync
// that is tried again may say yes to pages the kernel threw away. The store then
// refuses everything, reading too, until it is opened again. Errors of the disk
// while reading, and pages that make no sense, are [storage.ErrDamaged].
//
// A View may see a commit in the moment between its last write and the end of its
// last fdatasync: what is read so survives a kill, but not yet a power cut.
package bolt
