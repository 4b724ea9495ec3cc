use crate::storage::plan::plan;
use crate::storage::plan::tests::{deleted, observed};

#[test]
#[expect(clippy::too_many_lines, reason = "the object as a whole is what is held")]
fn the_task_pod_fits_into_level_restricted() {
    let pod = plan(&deleted(Some("shop-database")), &observed())
        .create
        .expect("pod");
    insta::assert_yaml_snapshot!(pod, @r#"
    apiVersion: v1
    kind: Pod
    metadata:
      annotations:
        kubectl-mendix.io/input: uid-shop-database
      labels:
        kubectl-mendix.io/component: provisioner
        kubectl-mendix.io/environment: shop
        kubectl-mendix.io/storage-instance: shop-database
        privatecloud.mendix.com/app: shop
      name: shop-database-deprovision
      namespace: prod
    spec:
      containers:
        - args:
            - deprovision
            - postgres
          env:
            - name: MENDIX_ACTION
              value: deprovision
            - name: MENDIX_NAMESPACE
              value: prod
            - name: MENDIX_ENVIRONMENT
              value: shop
            - name: MENDIX_PURPOSE
              value: database
            - name: MENDIX_STORAGE_INSTANCE
              value: shop-database
            - name: MENDIX_STORAGE_INSTANCE_UID
              value: uid-shop-database
            - name: MENDIX_SECRET_NAME
              value: shop-database
          image: "mendix:test"
          name: task
          resources:
            limits:
              cpu: 250m
              ephemeral-storage: 16Mi
              memory: 64Mi
            requests:
              cpu: 10m
              ephemeral-storage: 16Mi
              memory: 16Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
            readOnlyRootFilesystem: true
          volumeMounts:
            - mountPath: /run/mendix/admin
              name: secret-0
              readOnly: true
            - mountPath: /run/mendix/instance
              name: secret-1
              readOnly: true
            - mountPath: /tmp
              name: tmp
              readOnly: false
      enableServiceLinks: false
      restartPolicy: Never
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      serviceAccountName: mendix-storage-provisioner
      volumes:
        - name: secret-0
          secret:
            optional: false
            secretName: admin
        - name: secret-1
          secret:
            optional: true
            secretName: shop-database
        - emptyDir: {}
          name: tmp
    "#);
}
