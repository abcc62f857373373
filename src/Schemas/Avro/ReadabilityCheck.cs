namespace Streams.Schemas.Avro;

/// <summary>
/// Compares a writer's schema with a reader's, type by type. Pairs of records that contain themselves are taken as readable while they are under way;
/// when such a pair turns out not to be, what was concluded from it is forgotten.
/// </summary>
sealed class ReadabilityCheck
{
    /// <summary>Null for pairs that are readable as far as is known, else a reason why not.</summary>
    readonly Dictionary<(AvroSchema Writer, AvroSchema Reader), Incompatibility?> _pairs = [];
    readonly List<(AvroSchema Writer, AvroSchema Reader)> _concluded = [];
    List<Incompatibility> _found = [];
    Incompatibility? _latest;
    int _nesting;

    public IReadOnlyList<Incompatibility> Run(AvroSchema writer, AvroSchema reader)
    {
        Check(writer, reader, reader is NamedSchema named ? named.Name.Name : "");
        return _found;
    }

    bool Check(AvroSchema writer, AvroSchema reader, string path)
    {
        if (++_nesting > SchemaMatching.MaxNesting) throw new AvroException($"{path}: the schemas are nested more than {SchemaMatching.MaxNesting} levels deep");
        var readable = (writer, reader) switch
        {
            (UnionSchema w, _) => AllBranches(w, reader, path),
            (_, UnionSchema r) => SomeBranch(writer, r, path),
            (RecordSchema w, RecordSchema r) => Records(w, r, path),
            (EnumSchema w, EnumSchema r) => Names(w, r, path) & Symbols(w, r, path),
            (FixedSchema w, FixedSchema r) => Names(w, r, path) & Sizes(w, r, path) & Decimals(w, r, path),
            (ArraySchema w, ArraySchema r) => Check(w.Items, r.Items, path + "[]"),
            (MapSchema w, MapSchema r) => Check(w.Values, r.Values, path + "{}"),
            (PrimitiveSchema w, PrimitiveSchema r) when SchemaMatching.Promotes(w.Kind, r.Kind) => Decimals(w, r, path),
            _ => Refuse(IncompatibilityKind.TypeMismatch, path, $"reader type {reader.TypeName} cannot read writer type {writer.TypeName}"),
        };
        _nesting--;
        return readable;
    }

    bool AllBranches(UnionSchema writer, AvroSchema reader, string path)
    {
        var all = true;
        foreach (var branch in writer.Branches) all &= Check(branch, reader, path);
        return all;
    }

    bool SomeBranch(AvroSchema writer, UnionSchema reader, string path)
    {
        var outer = _found;
        List<Incompatibility>? nearest = null;
        foreach (var branch in reader.Branches)
        {
            _found = [];
            var readable = Check(writer, branch, $"{path}|{branch.TypeName}");
            var reasons = _found;
            _found = outer;
            if (readable) return true;
            if (SchemaMatching.IsSameType(writer, branch)) nearest = reasons;
        }
        if (nearest is { Count: > 0 }) _found.AddRange(nearest);
        else Refuse(IncompatibilityKind.MissingUnionBranch, path, $"reader union [{string.Join(", ", reader.Branches.Select(b => b.TypeName))}] lacks a branch for writer type {writer.TypeName}");
        return false;
    }

    bool Records(RecordSchema writer, RecordSchema reader, string path)
    {
        if (_pairs.TryGetValue((writer, reader), out var known)) return known is null || Repeat(known);
        var start = _concluded.Count;
        Conclude(writer, reader);
        var readable = Names(writer, reader, path);
        if (readable)
        {
            foreach (var field in reader.Fields) readable &= Field(writer, reader, field, $"{path}.{field.Name}");
        }
        if (!readable)
        {
            foreach (var pair in _concluded.Skip(start)) _pairs.Remove(pair);
            _concluded.RemoveRange(start, _concluded.Count - start);
            _pairs[(writer, reader)] = _latest;
        }
        return readable;
    }

    void Conclude(AvroSchema writer, AvroSchema reader)
    {
        _pairs[(writer, reader)] = null;
        _concluded.Add((writer, reader));
    }

    bool Field(RecordSchema writer, RecordSchema reader, RecordField field, string path)
    {
        if (SchemaMatching.WriterField(writer, reader, field) is { } source) return Check(source.Type, field.Type, path);
        return field.HasDefault || Refuse(IncompatibilityKind.ReaderFieldMissingDefaultValue, path,
            $"reader field '{field.Name}' of record {reader.TypeName} has no default value and writer record {writer.TypeName} does not have it");
    }

    bool Names(NamedSchema writer, NamedSchema reader, string path) => SchemaMatching.NamesMatch(writer, reader)
        || Refuse(IncompatibilityKind.NameMismatch, path, $"reader name {reader.TypeName} (and its aliases) is not writer name {writer.TypeName}");

    bool Symbols(EnumSchema writer, EnumSchema reader, string path)
    {
        var missing = writer.Symbols.Where(s => reader.IndexOf(s) < 0).ToList();
        return missing.Count == 0 || reader.Default is not null || Refuse(IncompatibilityKind.MissingEnumSymbols, path,
            $"reader enum {reader.TypeName} lacks the writer's symbols {string.Join(", ", missing)} and has no default");
    }

    bool Sizes(FixedSchema writer, FixedSchema reader, string path) => writer.Size == reader.Size
        || Refuse(IncompatibilityKind.FixedSizeMismatch, path, $"reader fixed {reader.TypeName} has {reader.Size} bytes, the writer's has {writer.Size}");

    bool Decimals(AvroSchema writer, AvroSchema reader, string path) => SchemaMatching.DecimalsMatch(writer, reader)
        || Refuse(IncompatibilityKind.DecimalMismatch, path,
            $"reader decimal({reader.Logical!.Precision}, {reader.Logical.Scale}) is not writer decimal({writer.Logical!.Precision}, {writer.Logical.Scale})");

    bool Repeat(Incompatibility reason)
    {
        _latest = reason;
        if (!_found.Contains(reason)) _found.Add(reason);
        return false;
    }

    bool Refuse(IncompatibilityKind kind, string path, string message)
    {
        _latest = new(kind, path, message, 0, true);
        _found.Add(_latest);
        return false;
    }
}
