namespace Streams.Streaming.Dsl.Internal;

/// <summary>
/// Sends a row's old value to its old group and its new value to its new one: together where the group is the same, else the old one first. Rows without a
/// group's key or a value belong to none.
/// </summary>
internal sealed class TableRegrouping<TKey, TValue, TKeyOut, TValueOut>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector)
    : Stateless<TKey, Change<TValue>, TKeyOut, Change<TValueOut>>
{
    public override void Process(in Record<TKey, Change<TValue>> record)
    {
        var change = record.Value;
        var before = change.HasOld ? selector(record.Key, change.Old!) : default;
        var after = change.HasNew ? selector(record.Key, change.New!) : default;
        var hadGroup = change.HasOld && before.Key is not null && before.Value is not null;
        var hasGroup = change.HasNew && after.Key is not null && after.Value is not null;
        if (hadGroup && hasGroup && EqualityComparer<TKeyOut>.Default.Equals(before.Key, after.Key))
        {
            Forward(in record, after.Key, new Change<TValueOut>(after.Value, true, before.Value, true));
            return;
        }
        if (hadGroup)
            Forward(in record, before.Key, new Change<TValueOut>(default, false, before.Value, true));
        if (hasGroup)
            Forward(in record, after.Key, new Change<TValueOut>(after.Value, true, default, false));
    }

    private void Forward(in Record<TKey, Change<TValue>> record, TKeyOut key, Change<TValueOut> change) => Context.Forward(record.WithKey(key).WithValue(change));
}
