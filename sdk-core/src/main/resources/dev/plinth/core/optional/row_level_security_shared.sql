DROP POLICY IF EXISTS plinth_shared ON ${table};
CREATE POLICY plinth_shared ON ${table} FOR SELECT
  USING (tenant_id IS NULL AND nullif(current_setting('plinth.tenant', true), '') IS NOT NULL);
