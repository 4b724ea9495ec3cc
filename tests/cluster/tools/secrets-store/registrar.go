package main

import (
	"context"
	"fmt"

	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// driverName is the name under which volumes ask for the driver.
const driverName = "secrets-store.csi.k8s.io"

// registrar tells the kubelet of the driver, when it has found this program's socket (package
// k8s.io/kubelet/pkg/apis/pluginregistration/v1).
type registrar struct {
	// endpoint is the driver's socket.
	endpoint string
}

func (r registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type:     registration.CSIPlugin,
		Name:     driverName,
		Endpoint: r.endpoint,
		// Of the Container Storage Interface, not of the driver.
		SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (r registrar) NotifyRegistrationStatus(
	_ context.Context, status *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if status.PluginRegistered {
		fmt.Println("the kubelet knows the driver")
	} else {
		// It asks again by itself.
		fmt.Println("the kubelet refused the driver:", status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
