package main

import (
	"context"
	"encoding/json"
	"errors"

	"sigs.k8s.io/secrets-store-csi-driver/provider/v1alpha1"
)

// filesParameter is the parameter of a SecretProviderClass that holds a JSON object: names of files and their contents.
const filesParameter = "files"

// mode lets every user of a pod read: pods under test do not run as root.
const mode = 0o444

// standIn is a provider whose secrets stand in the SecretProviderClass itself.
type standIn struct {
	v1alpha1.UnimplementedCSIDriverProviderServer
}

func (standIn) Version(context.Context, *v1alpha1.VersionRequest) (*v1alpha1.VersionResponse, error) {
	return &v1alpha1.VersionResponse{
		Version:        "v1alpha1",
		RuntimeName:    "secrets-store-stand-in",
		RuntimeVersion: "0.0.0",
	}, nil
}

func (standIn) Mount(_ context.Context, request *v1alpha1.MountRequest) (*v1alpha1.MountResponse, error) {
	files, err := contents(request.GetAttributes())
	if err != nil {
		return nil, err
	}
	answer := &v1alpha1.MountResponse{}
	for name, content := range files {
		answer.Files = append(answer.Files, &v1alpha1.File{Path: name, Mode: mode, Contents: []byte(content)})
		// The driver takes an answer without versions for none.
		answer.ObjectVersion = append(answer.ObjectVersion, &v1alpha1.ObjectVersion{Id: name, Version: "1"})
	}
	return answer, nil
}

// contents are the files of a SecretProviderClass, whose parameters the driver hands on as a JSON object of texts. What
// Go says of a text that it cannot read is kept back, for it quotes the text.
func contents(attributes string) (map[string]string, error) {
	var parameters, files map[string]string
	if json.Unmarshal([]byte(attributes), &parameters) != nil {
		return nil, errors.New("failed to read the attributes of the mount: they are no JSON object of texts")
	}
	if json.Unmarshal([]byte(parameters[filesParameter]), &files) != nil {
		return nil, errors.New(
			"failed to read parameter " + filesParameter + " of the SecretProviderClass: it is no JSON object of texts",
		)
	}
	return files, nil
}
