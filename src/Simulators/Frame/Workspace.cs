namespace Streams.Simulators;

/// <summary>
/// The journal's records with a transaction over them: between <see cref="Begin"/> and <see cref="Commit"/> changes are seen by what follows and are not
/// committed; <see cref="Rollback"/> forgets them. Used under the host's lock.
/// </summary>
sealed class Workspace(SimulatedErp erp)
{
    readonly Dictionary<string, SimulatedRecord> _staged = [];
    readonly List<string> _order = [];
    readonly List<Action> _undo = [];
    bool _open;
    int _new;

    /// <summary>Records ever created, those of the transaction among them.</summary>
    public int Created => erp.Journal.Created + _new;

    public void Begin() => _open = true;

    /// <summary>Does this if the transaction is rolled back.</summary>
    public void OnRollback(Action undo)
    {
        if (_open) _undo.Add(undo);
    }

    public SimulatedRecord Put(SimulatedRecord record)
    {
        if (!_open) return erp.Commit(record);
        if (_staged.TryAdd(record.Id, record))
        {
            _order.Add(record.Id);
            if (record.Event == RecordEvent.Created) _new++;
        }
        // What is made and changed in one transaction was never anything else to those outside.
        else _staged[record.Id] = _staged[record.Id].Event == RecordEvent.Created && record.Event != RecordEvent.Deleted ? record with { Event = RecordEvent.Created } : record;
        return record;
    }

    public void Note(SimulatedRecord note)
    {
        if (_open) Put(note);
        else erp.Journal.Append(note);
    }

    public void Commit()
    {
        foreach (var id in _order.Where(id => _staged[id].Event != RecordEvent.Deleted || erp.Journal.Get(id) is not null)) erp.Commit(_staged[id]);
        Close();
    }

    public void Rollback()
    {
        for (var i = _undo.Count - 1; i >= 0; i--) _undo[i]();
        Close();
    }

    public SimulatedRecord? Get(string id) =>
        _staged.TryGetValue(id, out var staged) ? staged.Event is RecordEvent.Deleted or RecordEvent.Note ? null : staged : erp.Journal.Get(id);

    public IEnumerable<SimulatedRecord> FindAll(string type, string key) =>
        _staged.Count == 0 ? erp.Journal.FindAll(type, key)
            : erp.Journal.FindAll(type, key).Where(r => !_staged.ContainsKey(r.Id)).Concat(_order.Select(Get).OfType<SimulatedRecord>().Where(r => r.Type == type && r.Key == key));

    void Close()
    {
        _staged.Clear();
        _order.Clear();
        _undo.Clear();
        (_open, _new) = (false, 0);
    }
}
