// Lists a layer as Go reads it, and so containerd: type, mode, owner, sum and path of each entry.
package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	file, err := os.Open(os.Args[1])
	must(err)
	plain, err := gzip.NewReader(file)
	must(err)
	archive := tar.NewReader(plain)
	for {
		entry, err := archive.Next()
		if err == io.EOF {
			break
		}
		must(err)
		sum := sha256.New()
		_, err = io.Copy(sum, archive)
		must(err)
		kind := "file"
		if entry.Typeflag == tar.TypeDir {
			kind = "folder"
		}
		name := strings.TrimRight(entry.Name, "/")
		fmt.Printf("%s %o %d:%d %x %s\n", kind, entry.Mode, entry.Uid, entry.Gid, sum.Sum(nil), name)
	}
	_, err = io.Copy(io.Discard, plain)
	must(err)
}
