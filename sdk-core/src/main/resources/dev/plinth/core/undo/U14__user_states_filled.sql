-- As it was: the rows of users who have changed since the triggers were there may stay or go.
DELETE FROM ${schema}.user_states;
