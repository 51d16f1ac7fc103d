package corpus

import (
	"encoding/base64"
	"io"
)

// Base64Heavy writes text that is mostly base64, at least size bytes: certificates
// in PEM, data URIs, mail attachments, long blobs in JSON and encoded JSON text.
// There are no private keys in it.
func Base64Heavy(w io.Writer, seed uint64, size int64) error {
	b := &blobs{newStream(w, seed)}
	makers := []func(){b.certificate, b.dataURI, b.attachment, b.jsonBlob, b.encodedText}
	return b.fill(size, func() { makers[b.rng.IntN(len(makers))]() })
}

// blobs makes base64.
type blobs struct{ *stream }

// lines appends n characters of base64 that start with prefix, in lines of a width.
func (b *blobs) lines(prefix string, n, width int) {
	b.put(prefix)
	for line := width - len(prefix); n > 0; line = width {
		b.random(base64Set, min(n, line))
		b.put("\n")
		n -= line
	}
}

// certificate appends a PEM block; its opening is that of a DER sequence.
func (b *blobs) certificate() {
	b.put("-----BEGIN CERTIFICATE-----\n")
	b.lines("MIID", b.between(900, 1900), 64)
	b.put("-----END CERTIFICATE-----\n")
}

func (b *blobs) dataURI() {
	b.put(".icon-", b.pick(prose), `{background-image:url("data:image/png;base64,iVBORw0KGgo`)
	b.random(base64Set, b.between(300, 9000))
	b.put(`=");background-size:contain}`, "\n")
}

func (b *blobs) attachment() {
	b.put("Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"",
		b.pick(prose), ".bin\"\n\n")
	b.lines("UEsD", b.between(2000, 12000), 76)
	b.put("\n--=_part_")
	b.random(digits, 12)
	b.put("\n")
}

func (b *blobs) jsonBlob() {
	b.put(`{"name":"`, b.pick(prose), `","size":1024,"blob":"`)
	b.random(base64Set, 4*b.between(100, 2000))
	b.put(`","sha256":"`)
	b.random(lowerHex, 64)
	b.put("\"}\n")
}

// encodedText appends base64 that decodes to printable text.
func (b *blobs) encodedText() {
	text := []byte(`{"cursor":{"after":"`)
	for range b.between(3, 40) {
		text = append(append(text, b.pick(prose)...), ' ')
	}
	text = append(text, `"}}`...)
	b.put("next_page: ")
	b.buf = base64.StdEncoding.AppendEncode(b.buf, text)
	b.put("\n")
}
