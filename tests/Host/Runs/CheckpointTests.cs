using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Kernels.Checkpoints;

namespace Naf.Tests;

internal sealed class CheckpointTests : FolderFixture
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(443)]
    [TestCase(1_100_001)]
    public void It_is_read_back_as_written(int length)
    {
        float[] numbers = [.. Enumerable.Range(0, length).Select(i => 1f / i)];
        using HostBuffer from = new(length + 3), to = new(length + 5);
        numbers.CopyTo(from.Span[3..]);
        var list = new List<int> { 7 };
        CheckpointScope loaded = Saved.By(saved =>
        {
            saved.Value("flag", true);
            saved.Text("text", "r < −1, \"x\"");
            CheckpointScope scope = saved.Scope("a").Scope("b");
            scope.Values("numbers", numbers);
            scope.Fill("list", Enumerable.Range(0, length).ToList());
            scope.Fill(new BufferSection("in_place", from, 3, length, 1));
            scope.Value("seed", ulong.MaxValue);
            scope.Value("nan", double.NaN);
        });
        Assert.That((loaded.Value<bool>("flag"), loaded.Text("text")), Is.EqualTo((true, "r < −1, \"x\"")));
        Assert.That(loaded.Values<float>("a.b.numbers", []), Is.EqualTo(numbers));
        Assert.That(loaded.Scope("a.b").Value<ulong>("seed"), Is.EqualTo(ulong.MaxValue));
        Assert.That(loaded.Value<double>("a.b.nan"), Is.NaN);
        loaded.Fill("a.b.list", list);
        Assert.That(list, Is.EqualTo(Enumerable.Range(0, length)));
        loaded.Scope("a").Fill(new BufferSection("b.in_place", to, 5, length, 1));
        Assert.That(to.Span[5..].ToArray(), Is.EqualTo(numbers));
    }

    [Test]
    public void A_run_s_is_a_safetensors_file()
    {
        TinyRun.Train(Folder["run"], 2, "learners=2");
        byte[] file = File.ReadAllBytes(RunFolder.CheckpointsOf(Folder["run"]).Files[0]);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        Assert.That(length % 8, Is.Zero);
        string json = Encoding.UTF8.GetString(file.AsSpan(8, length));
        JsonElement header = JsonDocument.Parse(json).RootElement, texts = header.GetProperty("__metadata__");
        JsonProperty[] sections = [.. header.EnumerateObject().Where(s => s.Name != "__metadata__")];

        // contiguous to the end of the file, each aligned to its element size
        long at = 0;
        foreach (JsonProperty section in sections)
        {
            long[] offsets = Numbers(section.Value, "data_offsets");
            string dtype = section.Value.GetProperty("dtype").GetString()!;
            int width = dtype switch { "BOOL" => 1, "F32" or "I32" => 4, "F64" or "I64" or "U64" => 8, _ => 0 };
            long bytes = Numbers(section.Value, "shape").Aggregate((long)width, (product, size) => product * size);
            Assert.That((offsets[0], offsets[1], at % width), Is.EqualTo((at, at + bytes, 0L)), section.Name);
            at = offsets[1];
        }
        Assert.That(8 + length + at, Is.EqualTo(file.Length));

        string checksum = texts.GetProperty("sha256").GetString()!;
        byte[] blanked = Encoding.UTF8.GetBytes(json.Replace(checksum, new string('0', 64)));
        byte[] blank = [.. file.AsSpan(0, 8), .. blanked, .. file.AsSpan(8 + length)];
        Assert.That(checksum, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(blank))));
        Assert.That(texts.GetProperty("networks").GetString(), Is.EqualTo("5-[8,9]-{1,1,1}"));
        Assert.That(texts.GetProperty("learner.1.actor.stopped").GetString(), Is.Empty);

        // 300 transitions [x | u | r | b | x′], and the layers of the policy, padded to 16
        Assert.That(ShapeOf("learner.0.replay.transitions"), Is.EqualTo(new[] { 300, 13 }));
        Assert.That(ShapeOf("learner.0.parameters.policy.0.weights"), Is.EqualTo(new[] { 5, 16 }));
        Assert.That(ShapeOf("learner.0.parameters.policy.1.weights"), Is.EqualTo(new[] { 9, 16 }));
        Assert.That(ShapeOf("learner.1.adam.v.advantage.2.weights"), Is.EqualTo(new[] { 1, 16 }));
        Assert.That(ShapeOf("learner.1.target.value.1.biases"), Is.EqualTo(new[] { 16 }));
        Assert.That(ShapeOf("step"), Is.Empty);
        Assert.That(BinaryPrimitives.ReadInt64LittleEndian(DataOf("step")), Is.EqualTo(300));
        Assert.That(BinaryPrimitives.ReadInt64LittleEndian(DataOf("run.metrics_length")),
            Is.EqualTo(TinyRun.Metrics(Folder["run"]).Length));

        // μ(x) as in docs/library.md
        float[] x = [0.1f, -0.2f, 0.9f, 0.4f, 0.3f], u = new float[1];
        float[] scale = Floats("input_scale"), h = [.. x.Zip(scale, (a, b) => a * b)];
        for (int l = 0; l < 3; l++)
        {
            string layer = $"learner.1.parameters.policy.{l}";
            float[] weights = Floats($"{layer}.weights"), biases = Floats($"{layer}.biases"), from = h;
            long[] shape = ShapeOf($"{layer}.weights");
            // rows are inputs, then units
            (long input, long unit) = l == 0 ? (shape[1], 1L) : (1L, shape[1]);
            h = [.. Enumerable.Range(0, (int)shape[l == 0 ? 1 : 0]).Select(j =>
                biases[j] + from.Select((v, i) => v * weights[i * input + j * unit]).Sum())];
            if (l < 2) h = [.. h.Select(v => Math.Max(v, 0))];
        }
        using RunPolicy policy = RunPolicy.Open(Folder["run"], learner: 1);
        policy.Act(x, u);
        Assert.That(u[0], Is.EqualTo(Math.Tanh(h[0])).Within(Tolerances.PolicyAction).And.Not.Zero);

        long[] ShapeOf(string name) => Numbers(header.GetProperty(name), "shape");
        ReadOnlySpan<byte> DataOf(string name)
        {
            long[] offsets = Numbers(header.GetProperty(name), "data_offsets");
            return file.AsSpan(8 + length + (int)offsets[0], (int)(offsets[1] - offsets[0]));
        }
        float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(DataOf(name)).ToArray();
        static long[] Numbers(JsonElement section, string key) =>
            [.. section.GetProperty(key).EnumerateArray().Select(n => n.GetInt64())];
    }

    [Test]
    public void Any_changed_or_missing_byte_is_noticed()
    {
        byte[] whole = Numbered(31);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 4;
            AssertRefused(changed, "", $"byte {i}");
            string reason = i < 8 ? "it is not a checkpoint of naf" : $"it was cut short: {i} bytes of ";
            AssertRefused(whole[..i], reason, $"{i} bytes");
        }
        AssertRefused([.. whole, 0], "the file is damaged", "a byte too many");

        static void AssertRefused(byte[] bytes, string reason, string how) => Assert.That(
            () => Saved.Of(bytes), Throws.TypeOf<InvalidDataException>().With.Message.Contains(reason), how);
    }

    [TestCase("[0,4]", "[-4,0]")]
    [TestCase("[0,4]", "[0,9]")]
    [TestCase("[0,4]", "[4,8]")]
    [TestCase("\"shape\":[]", "\"shape\":[9]")]
    [TestCase("\"shape\":[]", "\"shape\":[-1]")]
    [TestCase("\"shape\":[]", "\"shape\":[4611686018427387905]")]
    [TestCase("\"shape\":[]", "\"shape\":null")]
    [TestCase("I32", "X99")]
    public void Sections_that_do_not_fit_the_file_are_refused(string found, string wrong)
    {
        byte[] whole = Numbered(31);
        int length = BitConverter.ToInt32(whole);
        string header = Encoding.UTF8.GetString(whole, 8, length), changed = header.Replace(found, wrong);
        Assert.That(changed, Is.Not.EqualTo(header));
        byte[] bytes = Encoding.UTF8.GetBytes(changed);
        Assert.That(() => Saved.Of([.. BitConverter.GetBytes((long)bytes.Length), .. bytes, .. whole[(8 + length)..]]),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("its header is damaged"));
    }

    [Test]
    public void What_is_not_there_is_named()
    {
        CheckpointScope loaded = Saved.By(saved => saved.Scope("a").Values("b", new float[3]));
        AssertRefused(() => loaded.Scope("a").Value<int>("c"), "no section a.c");
        AssertRefused(() => loaded.Values<double>("a.b", []), "section a.b is F32 [3] where F64 is expected");
        AssertRefused(() => loaded.Value<float>("a.b"), "section a.b is F32 [3] where 1 numbers are expected");
        AssertRefused(() => loaded.Scope("a").Text("b"), "no text a.b");
        using var buffer = new HostBuffer(3);
        var other = new BufferSection("b", buffer, 0, 1, 3);
        AssertRefused(() => loaded.Scope("a").Fill(other), "section a.b is F32 [3] where [1, 3] is expected");

        static void AssertRefused(Action read, string reason) =>
            Assert.That(read, Throws.TypeOf<InvalidDataException>().With.Message.EndsWith(reason));
    }

    [Test]
    public void One_of_an_earlier_version_is_refused_whichever_is_asked_for()
    {
        TinyRun.Train(Folder["run"], 4);
        CheckpointStore store = RunFolder.CheckpointsOf(Folder["run"]);
        foreach (string file in store.Files) File.WriteAllBytes(file, [.. "NAFCKPT\n"u8, 1, 0, 0, 0, 0]);
        string resume = TinyRun.CliError(1, "train", "--resume", Folder["run"]);
        const string Reason = "an earlier version of naf, and this one can't read it: the run must be trained anew";
        Assert.That(resume, Does.Contain(Reason).And.Not.Contain("previous"));
        Assert.That(TinyRun.CliError(1, "evaluate", Folder["run"]), Does.Contain(Reason));
    }

    [Test]
    public void A_failure_while_writing_leaves_what_was_there()
    {
        var store = new CheckpointStore(Folder.Path);
        Save(store, 1);
        var (broken, gone) = (new CheckpointWriter(), new HostBuffer(3));
        gone.Dispose();
        broken.Add(new BufferSection("gone", gone, 0, 3));
        Assert.That(() => store.Save(1, broken), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(Directory.GetFiles(Folder.Path), Is.EqualTo(store.Files), "nothing is left beside it");
        Assert.That(File.ReadAllBytes(store.Files[0]), Is.EqualTo(Numbered(1)));
    }

    [Test]
    public void The_last_two_are_kept_newest_first()
    {
        var store = new CheckpointStore(Folder["checkpoint"]);
        Assert.That(store.Open(previous: false), Is.Null, "none yet");
        foreach (int step in (int[])[5, 90, 1000, 20_000]) Save(store, step);
        Assert.That(store.Files.Select(Path.GetFileName),
            Is.EqualTo(new[] { "step-000000020000.naf", "step-000000001000.naf" }));

        // a copy under another name is neither taken for one nor removed
        File.Copy(store.Files[0], Folder["checkpoint/step-zzz.naf"]);
        Save(store, 30_000);
        Assert.That(store.Files.Select(Path.GetFileName),
            Is.EqualTo(new[] { "step-000000030000.naf", "step-000000020000.naf" }));
        Assert.That(File.Exists(Folder["checkpoint/step-zzz.naf"]));
    }

    [Test]
    public void A_damaged_one_is_refused_and_the_previous_offered()
    {
        var store = new CheckpointStore(Folder.Path);
        Save(store, 1);
        Save(store, 2);
        File.WriteAllText(store.Files[0], "damaged");
        Assert.That(() => store.Open(previous: false),
            Throws.TypeOf<UserException>().With.Message.Contains("it is not a checkpoint of naf")
            .And.Message.Contains("resume from the previous one, step-000000000001.naf"));
        (CheckpointReader checkpoint, string path) = store.Open(previous: true)!.Value;
        Assert.That(checkpoint.Scope.Value<int>("number"), Is.EqualTo(1));
        checkpoint.Dispose();
        store.SetAsideNewerThan(path);
        Assert.That(store.Files, Is.EqualTo(new[] { path }));
        Assert.That(() => store.Open(previous: true),
            Throws.TypeOf<UserException>().With.Message.Contains("holds no previous checkpoint"));
    }

    private static byte[] Numbered(int number) => Saved.Bytes(saved => saved.Value("number", number));

    private static void Save(CheckpointStore store, int number)
    {
        var writer = new CheckpointWriter();
        writer.Scope.Value("number", number);
        store.Save(number, writer);
    }
}
