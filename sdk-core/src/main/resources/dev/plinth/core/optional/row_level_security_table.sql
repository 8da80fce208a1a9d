ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS plinth_tenant ON ${table};
CREATE POLICY plinth_tenant ON ${table}
  USING (
    tenant_id = nullif(current_setting('plinth.tenant', true), '')
    OR current_setting('plinth.all_tenants', true) = 'on');
