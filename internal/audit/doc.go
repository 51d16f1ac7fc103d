// Package audit makes every access one record, or the access does not happen. A
// [Broker] gives each entry to all its devices and returns when the first of them has
// it on a disk: a file device by itself, any other one, or a file that is slow or
// fails, by its spool, from which the lines go on when the device takes them. If no
// device manages that in time, the broker returns an error and its caller must refuse.
//
// A device has a lane of its own, so that one that hangs holds up neither the others
// nor the callers: entries wait in a bounded queue, many share one write and one sync,
// and a write that takes too long is left alone while its lines go to the spool. All
// lines of a device are one chain (package chain), whatever way they take.
//
//	Request/Response ─▶ entry: JSON, hashed ─▶ queue ─▶ chain ─┬▶ device
//	                                                          └▶ spool ─▶ device
package audit
