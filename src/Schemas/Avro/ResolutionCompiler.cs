namespace Streams.Schemas.Avro;

/// <summary>Turns a writer's and a reader's schema into the calls that read data of the one as data of the other.</summary>
sealed class ResolutionCompiler
{
    readonly Dictionary<(RecordSchema Writer, RecordSchema Reader), RecordResolution> _records = [];
    int _nesting;

    public ReadPlan Resolve(AvroSchema writer, AvroSchema reader, string path)
    {
        if (++_nesting > SchemaMatching.MaxNesting) throw new AvroException($"The schemas are nested more than {SchemaMatching.MaxNesting} levels deep");
        var plan = (writer, reader) switch
        {
            (UnionSchema w, _) => WriterUnion(w, reader, path),
            (_, UnionSchema r) => ReaderUnion(writer, r, path),
            (RecordSchema w, RecordSchema r) => Record(w, r, path),
            (EnumSchema w, EnumSchema r) => Enum(w, r, path),
            (FixedSchema w, FixedSchema r) => Fixed(w, r, path),
            (ArraySchema w, ArraySchema r) => Array(w, r, path),
            (MapSchema w, MapSchema r) => Map(w, r, path),
            (PrimitiveSchema w, PrimitiveSchema r) => Primitive(w, r, path),
            _ => Fail(path, $"'{writer.TypeName}' is not '{reader.TypeName}'"),
        };
        _nesting--;
        return plan;
    }

    static ReadPlan Fail(string path, string reason) => new(null, path.Length == 0 ? reason : $"{path}: {reason}");

    static ReadPlan Primitive(PrimitiveSchema writer, PrimitiveSchema reader, string path)
    {
        if (!SchemaMatching.DecimalsMatch(writer, reader)) return Fail(path, "the decimals differ in precision or scale");
        var read = PrimitiveReading.For(writer.Kind, reader.Kind);
        return read is null ? Fail(path, $"'{writer.TypeName}' is not '{reader.TypeName}' and cannot be promoted to it") : read;
    }

    /// <summary>A branch that does not resolve is an error only when a datum takes it.</summary>
    ReadPlan WriterUnion(UnionSchema writer, AvroSchema reader, string path)
    {
        var branches = new ReadDatum[writer.Branches.Count];
        string? failure = null;
        var resolved = 0;
        for (var i = 0; i < branches.Length; i++)
        {
            var plan = Resolve(writer.Branches[i], reader, path);
            if (plan.Read is not null) resolved++;
            failure ??= plan.Failure;
            branches[i] = plan.Read ?? ((ref AvroReader _, int _) => throw new AvroException($"The datum does not resolve: {plan.Failure}"));
        }
        if (resolved == 0) return new(null, failure);
        return new((ref AvroReader r, int depth) => branches[r.ReadUnionIndex(branches.Length)](ref r, depth), null);
    }

    /// <summary>The branch of the very type of the writer; where there is none, the first that resolves.</summary>
    ReadPlan ReaderUnion(AvroSchema writer, UnionSchema reader, string path)
    {
        foreach (var sameType in (bool[])[true, false])
        {
            foreach (var branch in reader.Branches)
            {
                if (SchemaMatching.IsSameType(writer, branch) != sameType) continue;
                var plan = Resolve(writer, branch, path);
                if (plan.Read is not null) return plan;
            }
        }
        return Fail(path, $"no branch of the reader's union [{string.Join(", ", reader.Branches.Select(b => b.TypeName))}] takes '{writer.TypeName}'");
    }

    ReadPlan Record(RecordSchema writer, RecordSchema reader, string path)
    {
        if (_records.TryGetValue((writer, reader), out var known)) return known.Plan;
        if (!SchemaMatching.NamesMatch(writer, reader)) return Fail(path, $"the record '{writer.TypeName}' is not '{reader.TypeName}'");
        var resolution = new RecordResolution(writer, reader);
        _records.Add((writer, reader), resolution);
        return resolution.Complete(this, path);
    }

    static ReadPlan Enum(EnumSchema writer, EnumSchema reader, string path)
    {
        if (!SchemaMatching.NamesMatch(writer, reader)) return Fail(path, $"the enum '{writer.TypeName}' is not '{reader.TypeName}'");
        var symbols = writer.Symbols.Select(s => reader.IndexOf(s) >= 0 ? s : reader.Default).Select(s => s is null ? null : new GenericEnum(reader, s)).ToArray();
        return new((ref AvroReader r, int _) =>
        {
            var index = r.ReadUnionIndex(symbols.Length);
            return symbols[index] ?? throw new AvroException($"The enum '{reader.TypeName}' has neither the symbol '{writer.Symbols[index]}' nor a default");
        }, null);
    }

    static ReadPlan Fixed(FixedSchema writer, FixedSchema reader, string path)
    {
        if (!SchemaMatching.NamesMatch(writer, reader)) return Fail(path, $"the fixed '{writer.TypeName}' is not '{reader.TypeName}'");
        if (writer.Size != reader.Size) return Fail(path, $"the fixed '{writer.TypeName}' has {writer.Size} bytes, '{reader.TypeName}' has {reader.Size}");
        if (!SchemaMatching.DecimalsMatch(writer, reader)) return Fail(path, "the decimals differ in precision or scale");
        return new((ref AvroReader r, int _) => new GenericFixed(reader, r.ReadFixed(writer.Size).ToArray()), null);
    }

    ReadPlan Array(ArraySchema writer, ArraySchema reader, string path)
    {
        var plan = Resolve(writer.Items, reader.Items, path + "[]");
        if (plan.Read is not { } readItem) return plan;
        var items = writer.Items;
        return new((ref AvroReader r, int depth) =>
        {
            ExpectDepth(depth);
            var list = new List<object?>();
            for (var count = r.ReadBlockCount(items.MinimumSize); count != 0; count = r.ReadBlockCount(items.MinimumSize))
            {
                while (count-- > 0) list.Add(readItem(ref r, depth + 1));
            }
            return list;
        }, null);
    }

    ReadPlan Map(MapSchema writer, MapSchema reader, string path)
    {
        var plan = Resolve(writer.Values, reader.Values, path + "{}");
        if (plan.Read is not { } readValue) return plan;
        var values = writer.Values;
        return new((ref AvroReader r, int depth) =>
        {
            ExpectDepth(depth);
            var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
            var minimum = (int)Math.Min(int.MaxValue, 1L + values.MinimumSize);
            for (var count = r.ReadBlockCount(minimum); count != 0; count = r.ReadBlockCount(minimum))
            {
                while (count-- > 0)
                {
                    var key = r.ReadString();
                    entries[key] = readValue(ref r, depth + 1);
                }
            }
            return entries;
        }, null);
    }

    internal static void ExpectDepth(int depth)
    {
        if (depth > GenericDatum.MaxDepth) throw new AvroException($"The data are nested more than {GenericDatum.MaxDepth} levels deep");
    }
}

/// <summary>Reads records of one schema as records of another. Exists before its fields are resolved, because they may name it.</summary>
sealed class RecordResolution(RecordSchema writer, RecordSchema reader)
{
    readonly (ReadDatum Read, int Target)[] _steps = new (ReadDatum, int)[writer.Fields.Count];
    readonly object?[] _defaults = new object?[reader.Fields.Count];
    string? _failure;

    const int Nowhere = -1;

    /// <summary>How to read the record as far as is known: a failure may still be found, and is then an error when a datum comes.</summary>
    public ReadPlan Plan => _failure is null ? new ReadPlan(Read, null) : new ReadPlan(null, _failure);

    public ReadPlan Complete(ResolutionCompiler compiler, string path)
    {
        var sources = new Dictionary<int, RecordField>();
        foreach (var field in reader.Fields)
        {
            var place = $"{path}.{field.Name}";
            if (SchemaMatching.WriterField(writer, reader, field) is { } source)
            {
                if (!sources.TryAdd(source.Position, field)) return Fail($"{place}: the writer's field '{source.Name}' is already read as '{sources[source.Position].Name}'");
            }
            else if (!field.HasDefault) return Fail($"{place}: the writer's record has no such field and there is no default");
            else _defaults[field.Position] = field.Default;
        }
        foreach (var field in writer.Fields)
        {
            var target = sources.GetValueOrDefault(field.Position);
            var plan = compiler.Resolve(field.Type, target?.Type ?? field.Type, $"{path}.{target?.Name ?? field.Name}");
            if (plan.Read is null) return Fail(plan.Failure!);
            _steps[field.Position] = (plan.Read, target?.Position ?? Nowhere);
        }
        return Plan;
    }

    ReadPlan Fail(string reason)
    {
        _failure = reason;
        return Plan;
    }

    object? Read(ref AvroReader data, int depth)
    {
        if (_failure is not null) throw new AvroException($"The datum does not resolve: {_failure}");
        ResolutionCompiler.ExpectDepth(depth);
        var start = data.Position;
        var values = (object?[])_defaults.Clone();
        foreach (var (read, target) in _steps)
        {
            var value = read(ref data, depth + 1);
            if (target != Nowhere) values[target] = value;
        }
        if (data.Position == start) data.CountEmptyRecord();
        return new GenericRecord(reader, values);
    }
}
