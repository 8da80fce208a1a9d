DROP POLICY IF EXISTS plinth_tenant ON ${table};
DROP POLICY IF EXISTS plinth_shared ON ${table};
ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY;
