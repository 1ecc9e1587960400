-- Judgements by people who had seen results or names no longer make a pair rated or reviewed: the
-- counters of studies lose what such judgements had added.
INSERT INTO study_counts
    (study_id, rater_id, pairs, places, filled, judged, judgements, blocked, repeats, reviewed, gold)
SELECT study_id, '', 0, 0, 0, sum(counts - 1), 0, 0, 0, sum(told_now - told_then), gold
FROM (
    SELECT study_id, gold,
           CAST(bool_or(NOT apart) AS INTEGER) AS counts,
           CAST(coalesce(arg_min(told, placed) FILTER (NOT apart), false) AS INTEGER) AS told_now,
           CAST(arg_min(told, placed) AS INTEGER) AS told_then
    FROM (
        SELECT j.study_id, j.pair_id, p.phase = 'gold' AS gold,
               row(j.created_at, j.judgement_id) AS placed, j.outcome <> 'cannot_judge' AS told,
               coalesce(j.created_at > u.created_at, false) AS apart
        FROM judgements j
        JOIN presentations p ON p.presentation_id = j.presentation_id AND p.occasion = 1
        LEFT JOIN first_unblindings u ON u.study_id = j.study_id AND u.person_id = j.rater_id
    )
    GROUP BY study_id, pair_id, gold
)
WHERE counts = 0 OR told_now <> told_then
GROUP BY study_id, gold;
