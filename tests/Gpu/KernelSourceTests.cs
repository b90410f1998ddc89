using System.Diagnostics;
using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>How the text of kernels is put together, and what is read from it.</summary>
public sealed class KernelSourceTests
{
    private static KernelSource Load(string text, Dictionary<string, object>? constants = null, params (string Name, string Text)[] others) =>
        KernelSource.Load(typeof(KernelSourceTests).Assembly, "Main.gpu.c", constants ?? [],
            others.Append(("Main.gpu.c", text)).ToDictionary(f => f.Item1, f => f.Item2));

    [Test]
    public void Constants_come_first_in_one_order_and_keep_their_value()
    {
        var constants = new Dictionary<string, object> { ["Z"] = 3, ["A"] = 0.1f, ["ON"] = true, ["LIST"] = "{1, 2}", ["TINY"] = float.Epsilon };
        string[] lines = Load("", constants).Text.Split('\n');
        Assert.That(lines[..5], Is.EqualTo(new[]
        {
            "#define A 1.00000001e-001f", "#define LIST {1, 2}", "#define ON 1", "#define TINY 1.40129846e-045f", "#define Z 3",
        }));
    }

    [Test]
    public void A_file_is_included_once_where_it_is_named_and_lines_keep_their_numbers()
    {
        string text = Load("int a;\n#include \"B.gpu.c\"\n#include \"B.gpu.c\"\nint c;", null, ("B.gpu.c", "int b;")).Text;
        Assert.That(text[text.IndexOf("#line 1 \"Main", StringComparison.Ordinal)..], Is.EqualTo(
            "#line 1 \"Main.gpu.c\"\nint a;\n#line 1 \"B.gpu.c\"\nint b;\n#line 3 \"Main.gpu.c\"\n#line 4 \"Main.gpu.c\"\nint c;\n"));
    }

    [Test]
    public void A_file_that_is_not_there_is_named() => Assert.That(
        () => Load("#include \"Nowhere.gpu.c\""), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("Nowhere.gpu.c"));

    [Test]
    public void A_kernels_parameters_are_read_in_every_spelling()
    {
        KernelSource source = Load("""
            // KERNEL(9) void commented(int a) {}
            /* KERNEL(9) void commented_too(int a) {} */
            KERNEL(THREADS) void all(
                GLOBAL const float* RESTRICT x, GLOBAL double *y, // a comment, with a comma
                GLOBAL int* RESTRICT z, const uint n, long l,
                ulong w, float f, double d) { }
            KERNEL(32) void none() { }
            """, new() { ["THREADS"] = 128 });
        Assert.That(source.Kernels.Select(k => (k.Name, k.Threads)), Is.EqualTo(new[] { ("all", 128), ("none", 32) }));
        Assert.That(source.Kernels[0].Parameters, Is.EqualTo(new[]
        {
            (true, typeof(float), "x"), (true, typeof(double), "y"), (true, typeof(int), "z"), (false, typeof(uint), "n"),
            (false, typeof(long), "l"), (false, typeof(ulong), "w"), (false, typeof(float), "f"), (false, typeof(double), "d"),
        }));
        Assert.That(source.Kernels[1].Parameters, Is.Empty);
    }

    [Test]
    [Needs(Need.Clang)]
    public void A_long_has_64_bits_in_cuda_on_windows_too()
    {
        using var folder = new TemporaryFolder();
        string prelude = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Kernels", "CudaPrelude.h"));
        File.WriteAllText(folder["kernel.cu"], $"{prelude}\n{Load("KERNEL(1) void k(GLOBAL long* x, long l, int i) { *x = l + i; }").Text}");
        string[] arguments =
        [
            "-x", "cuda", "--target=x86_64-pc-windows-msvc", "--cuda-gpu-arch=sm_70", "--cuda-device-only", "-nocudalib", "-nocudainc",
            "-std=c++17", "-S", "-Wno-unknown-cuda-version", "-o", folder["kernel.ptx"], folder["kernel.cu"],
        ];
        using (Process clang = Process.Start("clang", arguments))
        {
            clang.WaitForExit();
            Assert.That(clang.ExitCode, Is.Zero);
        }
        Assert.That(File.ReadAllText(folder["kernel.ptx"]), Does.Match(@"\.u64 k_param_0,\s+\.param \.u64 k_param_1,\s+\.param \.u32 k_param_2"));
    }

    [TestCase("GLOBAL float4* x")]
    [TestCase("short n")]
    [TestCase("LOCAL float* x, int* y[]")]
    public void A_parameter_that_a_launch_cannot_pass_is_refused(string parameters) => Assert.That(
        () => Load($"KERNEL(1) void k({parameters}) {{ }}"), Throws.ArgumentException.With.Message.Contains("a type that a launch cannot pass"));
}
