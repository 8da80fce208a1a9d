DROP VIEW ${schema}.user_quotas;
DROP TABLE ${schema}.quota_violations;
DROP TABLE ${schema}.quota_overrides;
DROP TABLE ${schema}.user_usage;
