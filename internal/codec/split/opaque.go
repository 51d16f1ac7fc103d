package split

import "strings"

// isOpaque reports whether the media type is a binary one, whose readers count
// bytes or follow offsets. They may hold text all the same, so they are scanned too.
func isOpaque(_ Body, media string) bool {
	kind, sub, _ := strings.Cut(media, "/")
	if strings.HasSuffix(sub, "+xml") || strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "mpegurl") {
		return false // image/svg+xml; playlists, which hold signed URLs
	}
	switch kind {
	case "image", "audio", "video", "font":
		return true
	case "avro":
		return sub == "binary"
	case "application":
		return opaqueName(sub) || opaqueFamily(sub)
	}
	return false
}

func newOpaque(_ Body, _ string, out func(Part) error) Splitter {
	return &whole{kind: Sized, out: out}
}

// opaqueName knows the binary subtypes of application by name.
func opaqueName(sub string) bool {
	switch strings.TrimPrefix(sub, "x-") {
	case "octet-stream", "binary", "wasm", "pdf", "msword", "sqlite3", "vnd.sqlite3", "ogg", "mp4",
		// messages
		"protobuf", "proto", "vnd.google.protobuf", "msgpack", "vnd.msgpack", "cbor", "bson", "avro", "thrift",
		"vnd.apache.thrift.binary", "vnd.apache.arrow.stream", "vnd.apache.arrow.file", "vnd.apache.parquet",
		"vnd.amazon.eventstream", "java-serialized-object", "dns-message", "ocsp-request", "ocsp-response",
		// archives
		"zip", "zip-compressed", "gzip", "tar", "gtar", "compressed-tar", "bzip", "bzip2", "xz", "zstd", "lzip", "lz4", "brotli",
		"7z-compressed", "rar", "rar-compressed", "vnd.rar", "java-archive", "vnd.android.package-archive",
		"debian-package", "vnd.debian.binary-package", "rpm", "iso9660-image", "apple-diskimage", "vnd.ms-cab-compressed",
		// programs, keys
		"executable", "sharedlib", "mach-binary", "msdownload", "msdos-program", "pkcs12", "pkcs7-mime", "pkcs7-signature", "pkix-cert", "pkix-crl":
		return true
	}
	return false
}

// opaqueFamily knows the binary subtypes of application by how they begin or end.
func opaqueFamily(sub string) bool {
	for _, prefix := range []string{"font-", "x-font-", "vnd.ms-", "vnd.openxmlformats-officedocument.", "vnd.oasis.opendocument.", "x-git-"} {
		if strings.HasPrefix(sub, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"+zip", "+gzip", ".gzip", "+zstd", "+cbor", "+msgpack", "+protobuf", "+proto", "+der"} {
		if strings.HasSuffix(sub, suffix) {
			return true
		}
	}
	return false
}
